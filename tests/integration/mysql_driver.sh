#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/driver.sh"
