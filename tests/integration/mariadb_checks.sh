#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/checks.sh"
