#!/bin/sh
FLAVOUR=mysql . "$SRCDIR/tests/integration/my/hard.sh"
