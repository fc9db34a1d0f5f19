#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/errors.sh"
