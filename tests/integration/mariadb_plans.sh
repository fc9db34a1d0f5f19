#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/plans.sh"
