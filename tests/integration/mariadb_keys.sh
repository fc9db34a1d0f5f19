#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/keys.sh"
