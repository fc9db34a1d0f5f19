#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/replica.sh"
