#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/run.sh"
