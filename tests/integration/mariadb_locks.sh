#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/locks.sh"
