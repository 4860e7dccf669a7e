/* Counts and bounds; see window.h. */
#include "posting/window.h"

#include <assert.h>

#include "posting/posting.h"

enum { BUFFERED_BYTES_MAX = 64 << 20, BEHIND = 4, HELD_BACK = 12 };

void window_fetched(struct window *window, size_t bytes)
{
    window->buffered++;
    window->unsettled++;
    window->bytes += bytes;
}

void window_settled(struct window *window)
{
    assert(window->unsettled > 0);
    window->unsettled--;
}

void window_let_go(struct window *window, size_t bytes, bool has_settled)
{
    assert(window->buffered > 0 && window->bytes >= bytes);
    window->buffered--;
    window->bytes -= bytes;
    if (!has_settled)
        window_settled(window);
}

/* ---- how many more ---- */

/* A record takes 4 KiB once it is decoded, 12 when it is under way, and one or two after it has
 * settled. Half as many as may be under way stand ready behind them; those that wait for an earlier
 * one of their key cannot go on, and more are fetched past them, up to a bound. */
static size_t unsettled_max(const struct worker *w)
{
    const size_t behind = w->posting->lanes.items - w->posting->lanes.table.count,
                 most = BEHIND * w->posting->in_flight_max;
    return w->posting->in_flight_max + w->posting->in_flight_max / 2 +
           (behind < most ? behind : most);
}

/* One that waits for an earlier one of its key holds back the commit of all that settle behind it
 * in its partition: some more are fetched for each, or a hot key would stop the others. Distinct
 * keys keep to the configured bound, and to its memory. */
static size_t buffered_max(const struct worker *w)
{
    const size_t held_back = HELD_BACK * (w->posting->lanes.items - w->posting->lanes.table.count),
                 most = 2 * w->posting->buffered_max;
    return w->posting->buffered_max + (held_back < most ? held_back : most);
}

static bool is_full(const struct worker *w)
{
    return w->posting->window.buffered >= buffered_max(w) ||
           w->posting->window.bytes >= BUFFERED_BYTES_MAX ||
           w->posting->window.unsettled >= unsettled_max(w);
}

/* Is nobody at hand who has not failed yet? If all that there are always fail, another key must be
 * let in to show that it is they: up to BREAKER_KEYS_MAX of them. A record that is not in its lane
 * yet may be another key's. */
static bool lacks_keys(const struct worker *w)
{
    return w->posting->lanes.table.count +
               (w->posting->window.unsettled - w->posting->lanes.items) <=
           breaker_failed_keys(&w->posting->breaker);
}

/* A pause keeps what was fetched and fetches no more. But somebody must probe Prima and the
 * registry: with nothing in hand, a first record is let in; before Prima, one more whenever all of
 * them have failed. */
static bool may_read(const struct worker *w)
{
    const unsigned prima = 1u << PAUSE_PRIMA | 1u << PAUSE_DENIED;
    if (is_full(w))
        return false;
    if ((w->host.pauses.bits & ~prima) == 0)
        return w->host.pauses.bits == 0 || lacks_keys(w);
    return !(w->host.pauses.bits &
             (1u << PAUSE_REDIS | 1u << PAUSE_KAFKA | 1u << PAUSE_RIGHTS | 1u << PAUSE_SURGE)) &&
           w->posting->window.buffered == 0;
}

size_t window_room(const struct worker *w)
{
    if (!may_read(w))
        return 0;
    const size_t ahead = unsettled_max(w) - w->posting->window.unsettled,
                 in_all = buffered_max(w) - w->posting->window.buffered;
    return ahead < in_all ? ahead : in_all;
}
