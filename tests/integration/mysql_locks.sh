#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/locks.sh"
