/* Findings in the form that code hosts read: SARIF 2.1.0. */
#ifndef NEWEL_CLI_SARIF_H
#define NEWEL_CLI_SARIF_H

#include "base/json.h"

/* Of an array of {file, line, rule, level, text}, which it takes over; the caller owns the log. */
json_t *sarif_of(json_t *findings);

#endif
