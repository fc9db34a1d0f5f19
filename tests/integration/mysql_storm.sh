#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/storm.sh"
