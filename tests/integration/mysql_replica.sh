#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/replica.sh"
