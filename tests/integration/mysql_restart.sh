#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/restart.sh"
