/* The mouse: a click means what was drawn there, the wheel moves as the arrows do. */
#include "config.h"
#include "ui/input.h"
#include "ui/tables.h"

#include <stdlib.h>

#define WHEEL_ROWS 3

static const struct effect nothing;

/* On a table: a heading sorts, a row is chosen, and opened when it was chosen already. */
static struct effect click_table(struct view *v, const struct model *m, struct grid_hit hit)
{
    if (hit.spot == GRID_NOWHERE || v->ask.kind != ASK_NONE)
        return nothing;
    return tables_click(v, m, hit) ? input_command(v, m, "open") : nothing;
}

static struct effect click(struct view *v, const struct model *m, const struct spot *spot)
{
    if (spot->kind == SPOT_KEY)
        return input_key(v, m, (uint32_t)spot->value);
    if (v->ask.kind != ASK_NONE)
        return nothing; /* a question is answered, not walked away from */
    free(v->message);
    v->message = NULL;
    if (spot->kind == SPOT_COMMAND)
        return input_command(v, m, spot->command);
    return input_select(v, spot->value) ? input_command(v, m, "open") : nothing;
}

static void wheel(struct view *v, const struct model *m, bool up)
{
    for (int i = 0; i < WHEEL_ROWS; i++) {
        if (v->ask.kind == ASK_NONE)
            (void)input_command(v, m, up ? "up" : "down");
        else if (v->ask.kind == ASK_STEP || v->ask.kind == ASK_WITHDRAW ||
                 v->ask.kind == ASK_ROLLBACK)
            v->scroll += up ? -1 : 1; /* reading the page is no answer */
    }
}

struct effect input_mouse(struct view *v, const struct model *m, const struct canvas *shown,
                          struct mouse mouse)
{
    if (mouse.kind == MOUSE_CLICK) {
        const struct spot *spot = canvas_spot_at(shown, mouse.x, mouse.y);
        return spot ? click(v, m, spot)
                    : click_table(v, m,
                                  tables_hit(m, v, shown->width, shown->height, mouse.x, mouse.y));
    }
    wheel(v, m, mouse.kind == MOUSE_WHEEL_UP);
    return nothing;
}
