#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/grants.sh"
