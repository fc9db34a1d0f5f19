#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/two_engines.sh"
