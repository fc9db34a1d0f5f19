#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/storm.sh"
