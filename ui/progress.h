/* Headless progress: what happened, line by line, and how far it is, once a second at most. */
#ifndef NEWEL_UI_PROGRESS_H
#define NEWEL_UI_PROGRESS_H

#include "journal/model.h"

struct progress {
    int64_t told_seq; /* the newest headline that was printed */
    bool terminal;    /* one line that is painted over */
    int columns;      /* of that terminal; 0: not known */
    bool verbose;     /* also the server's load, WAL, HOT share and retries */
    bool no_notes;    /* what operators say is said elsewhere */
    bool painted;
    int64_t every_us; /* a progress line so often at most; 0: whenever it has changed */
    int64_t said_us;
    struct str last; /* the last progress line, so that it is not said twice */
};

/* Appends to `out` what there is to say now. Pure, but for its own memory. */
void progress_lines(struct progress *p, const struct model *m, struct str *out);
/* The next progress line is due at once, though it was said before. */
void progress_again(struct progress *p);
void progress_free(struct progress *p);

#endif
