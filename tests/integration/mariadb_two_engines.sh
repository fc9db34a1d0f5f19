#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/two_engines.sh"
