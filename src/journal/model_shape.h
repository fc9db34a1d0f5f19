/* The tables of the model's structs, for the fold. */
#ifndef NEWEL_JOURNAL_MODEL_SHAPE_H
#define NEWEL_JOURNAL_MODEL_SHAPE_H

#include "journal/shape.h"

extern const struct shape model_shape, model_target_shape, model_phase_shape, model_statement_shape,
    model_error_shape, model_replica_shape, model_check_shape, model_query_shape, model_limit_shape,
    model_console_shape, model_headline_shape;

#endif
