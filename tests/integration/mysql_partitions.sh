#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/partitions.sh"
