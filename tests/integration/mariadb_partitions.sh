#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/partitions.sh"
