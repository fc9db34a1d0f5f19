#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/checks.sh"
