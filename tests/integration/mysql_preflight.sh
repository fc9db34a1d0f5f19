#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/preflight.sh"
