#!/bin/sh
FLAVOUR=mariadb . "$SRCDIR/tests/integration/my/hard.sh"
