#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/keys.sh"
