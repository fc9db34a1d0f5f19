#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/grants.sh"
