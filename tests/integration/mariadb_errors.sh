#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/errors.sh"
