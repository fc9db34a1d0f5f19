#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/kill.sh"
