#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/driver.sh"
