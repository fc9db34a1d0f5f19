#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/restart.sh"
