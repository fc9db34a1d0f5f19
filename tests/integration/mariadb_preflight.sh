#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/preflight.sh"
