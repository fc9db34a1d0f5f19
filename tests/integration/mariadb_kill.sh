#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/kill.sh"
