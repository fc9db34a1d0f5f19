#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/plans.sh"
