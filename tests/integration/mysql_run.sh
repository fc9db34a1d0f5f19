#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/run.sh"
