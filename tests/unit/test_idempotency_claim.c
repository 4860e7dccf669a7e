/* Who may work on a key, and who may not: every state that a claim can meet, takeovers, ghosts,
 * deferrals. */
#include "test_idempotency_support.h"

#define POSTED "claim A 1 d1 v=7;sent 1 1 A;finish ok 1 A d1 mine;"
#define OPEN "claim A 1 d1 v=7;sent 1 1 A;" /* a send is unanswered */

static void test_claim(void **state)
{
    static const struct row rows[] = {
        {"a free key is claimed", "claim A 1 d1", "claimed", "c A1+ d1 [] - - -"},
        {"by the same token again: its answer was lost", "claim A 1 d1;set lease=0;claim A 1 d1",
         "claimed", "c A1+ d1 [] - - -"},
        {"somebody works on it", "claim A 1 d1;claim A 2 d2", "busy +", "c A1+ d1 [] - - -"},
        {"somebody's lease is over and nothing was sent",
         "set lease=0;claim A 1 d1;set lease=60000;claim B 2 d2", "claimed", "c B2+ d2 [] - - -"},
        {"a lease of our own slot's former self is not waited for",
         "claim A 1 d1;set epoch=6;claim B 2 d2", "claimed", "c B2+ d2 [] - - -"},
        {"... of another slot it is", "claim A 1 d1;set slot=1 epoch=6;claim B 2 d2", "busy +",
         "c A1+ d1 [] - - -"},
        {"... of the same life of our slot it is", "claim A 1 d1;set epoch=5;claim B 2 d2",
         "busy +", "c A1+ d1 [] - - -"},
        {"a claim from before Redis was lost", "claim A 1 d1;set newmarker=n marker=n;claim B 2 d2",
         "claimed", "c B2+ d2 [] - - -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_takeover(void **state)
{
    static const struct row rows[] = {
        {"bytes may be under way, the lease holds", OPEN "claim A 2 d2", "busy +",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"the lease is over: the request is ours to resolve",
         "set lease=0;" OPEN "set lease=60000;claim A 2 d2",
         "takeover 1 A reqA sumA 7 + 1 0 p 0 5 5 -", "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"... for another content", "set lease=0;" OPEN "set lease=60000;claim B 2 d2",
         "takeover 0 A reqA sumA 7 + 1 0 p 0 5 5 -", "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"... an absence counts at once when the send's time is over",
         "set lease=0 window=0;" OPEN "claim A 2 d2", "takeover 1 A reqA sumA 7 0 1 0 p 0 5 5 -",
         "s A20 d1 [A#1@10] reqA sumA -"},
        {"by our own token: our answer was lost", OPEN "claim A 1 d1",
         "takeover 1 A reqA sumA 7 + 1 0 -", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"a record longer than what is read of it at first",
         OPEN "sent 1 2 A;sent 1 3 A;sent 1 4 A;sent 1 5 A;sent 1 6 A;sent 1 7 A;sent 1 8 A;sent 1 "
              "9 A;set epoch=6;claim A 2 d2",
         "takeover 1 A reqA sumA 7 + 1 0 p 0 5 6 -",
         "s A2+ d1 [A#1@1+ A#2@1+ A#3@1+ A#4@1+ A#5@1+ A#6@1+ A#7@1+ A#8@1+ A#9@1+] reqA sumA -"},
        {"by our slot's next life, lease or not", OPEN "set epoch=6;claim A 2 d2",
         "takeover 1 A reqA sumA 7 + 1 0 p 0 5 6 -", "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"after another send the last one's time counts",
         "set lease=0 window=0;" OPEN "set window=60000;sent 1 2 A;claim A 2 d2",
         "takeover 1 A reqA sumA 7 + 1 0 p 0 5 5 -", "s A20 d1 [A#1@10 A#2@1+] reqA sumA -"},
        {"a send from before Redis was lost proves nothing, and others may be forgotten",
         "set window=0;" OPEN "set newmarker=n marker=n window=60000;claim A 2 d2",
         "takeover 1 A reqA sumA 7 + 0 1 p 0 5 5 -\n*", "s A2+ d1 [A#1@10 ?#0@-+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* "both CONTENT TOKEN DELIVERY NUMBER" */
static void test_claim_and_sent(void **state)
{
    static const struct row rows[] = {
        {"a free key: as a claim and `sent`", "both A 1 d1 1", "sent 1",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... with all that a takeover needs",
         "set lease=0;both A 1 d1 1 v=7;set lease=60000;claim B 2 d2",
         "takeover 0 A reqA sumA 7 + 1 0 p 0 5 5 -", "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"... and it ends as ever", "both A 1 d1 1 v=7;finish ok 1 A d1 mine;claim A 2 d2",
         "posted same d1 sumA 7 + -", "p A-0 d1 [] - sumA -"},
        {"... and another one sends beside it", "both A 1 d1 1;sent 1 2 A", "sent 2",
         "s A1+ d1 [A#1@1+ A#2@1+] reqA sumA -"},
        {"its answer was lost: lease and time begin anew",
         "set lease=0 window=0;both A 1 d1 1;set lease=60000 window=60000;both A 1 d1 1", "sent 1",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... also when something was deferred behind it", "both A 1 d1 1;defer d9;both A 1 d1 1",
         "sent 1", "s A1+ d1 [A#1@1+] reqA sumA - | d9"},
        {"claimed by this token before", "claim A 1 d1;both A 1 d1 1", "claimed",
         "c A1+ d1 [] - - -"},
        {"another send of this token: it is asked for", "both A 1 d1 1;both A 1 d1 2",
         "takeover 1 A reqA sumA 0 + 1 0 -", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"somebody works on it", "claim A 1 d1;both B 2 d2 2", "busy +", "c A1+ d1 [] - - -"},
        {"... and has sent it", OPEN "both B 2 d2 2", "busy +", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"a claim whose lease is over: claimed alone",
         "set lease=0;claim A 1 d1;set lease=60000;both B 2 d2 2", "claimed", "c B2+ d2 [] - - -"},
        {"a send whose lease is over: its request stays",
         "set lease=0;" OPEN "set lease=60000;both B 2 d2 2",
         "takeover 0 A reqA sumA 7 + 1 0 p 0 5 5 -", "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"posted", POSTED "both A 2 d2 2", "posted same d1 sumA 7 + -", "p A-0 d1 [] - sumA -"},
        {"posted, other content", POSTED "both B 2 d2 2", "posted amended d1 sumA 7 + d2",
         "p A-0 d1 [] - sumA - / m - B d2 d2 - -"},
        {"its parts go with it",
         "both A 1 d1 1 v=7 m=n;finish ok 1 A d1 mine m=n;claim B 2 d2 v=8 g=A m=n",
         "posted same d1 sumA 7 + -", "p A-0 d1 [] - sumA - / n - - - - - -"},
        {"... also for an heir, who finishes it",
         "set lease=0 window=0;both A 1 d1 1 v=7;set "
         "lease=60000;claim B 2 d2 v=8 g=A m=n;finish ok 2 A d2 other;claim B 3 d2 v=8 g=A m=n",
         "posted money - sumA 7 + -", "p A-0 - [] - sumA - / n d2 - - - - -"},
        {"refused for this delivery", "claim A 1 d1;refuse 1 0 d1;both A 2 d1 2",
         "refused prima_refused", "r A10 d1 [] - - prima_refused"},
        {"refused for another: claimed alone", "claim A 1 d1;refuse 1 0 d1;both B 2 d2 2",
         "claimed", "c B2+ d2 [] - - -"},
        {"parked", OPEN "park 1 d1;both A 2 d2 2", "parked 1 outcome_unknown A sumA + 1",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"taken back", "claim A 1 d1;cancel 1 d1;both A 2 d2 2", "cancelled d1",
         "x A10 d1 [] - - -"},
        {"discarded", "restore k A d1;restore d A d1;both A 2 d2 2", "discarded",
         "d A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"a newer version waits", "claim B 1 d2 v=7;wait 1 d2 v=7;both A 2 d1 2 v=6",
         "superseded d2", "c --0 d2 [] - - w"},
        {"an older one does: claimed alone", "claim B 1 d2 v=7;wait 1 d2 v=7;both A 2 d1 2 v=8",
         "claimed", "c A2+ d1 [] - - w"},
        {"an earlier one is in a retry topic", "defer d9;both A 1 d1 1", "deferred", "none | d9"},
        {"... this very one: claimed alone", "defer d1;both A 1 d1 1", "claimed",
         "c A1+ d1 [] - - - | d1"},
        {"the fleet pauses: claimed alone", "set pause=60000;both A 1 d1 1", "claimed",
         "c A1+ d1 [] - - -"},
        {"no marker", "set newmarker=x;both A 1 d1 1", "suspect", "none"},
        {"our slot is somebody else's", "set newepoch=6;both A 1 d1 1", "slot_lost", "none"},
        {"... by the time that it is asked again", "both A 1 d1 1;set newepoch=6;both A 1 d1 1",
         "slot_lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"an older generation", "claim A 1 d1;set fence=4;both A 2 d2 2", "stale 5",
         "c A1+ d1 [] - - -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
    row_answers("list;both A 1 d1 1", "unreadable");
    row_answers("marks;both A 1 d1 1", "unreadable");
}

static void test_claim_of_posted(void **state)
{
    static const struct row rows[] = {
        {"by its own delivery: publish again", POSTED "claim A 2 d1", "posted own d1 sumA 7 + -",
         "p A-0 d1 [] - sumA -"},
        {"by another delivery of the same content", POSTED "claim A 2 d2",
         "posted same d1 sumA 7 + -", "p A-0 d1 [] - sumA -"},
        {"with other content, after an earlier version of primaflow, which kept no parts",
         "restore p A d1;claim B 2 d2", "posted other d1 - 3 + -", "p A-0 d1 [] - - -"},
        {"... the same content brings its parts along", "restore p A d1;claim A 2 d2;claim B 3 d3",
         "posted amended d1 - 3 + d3", "p A-0 d1 [] - - - / m - B d3 d3 - -"},
        {"a redrive of the dead delivery that should publish becomes the publisher",
         POSTED "claim A 2 r1 p=d1", "posted own r1 sumA 7 + -", "p A-0 r1 [] - sumA -"},
        {"... only once: a second redrive is a duplicate",
         POSTED "claim A 2 r1 p=d1;claim A 3 r2 p=d1", "posted same r1 sumA 7 + -",
         "p A-0 r1 [] - sumA -"},
        {"... and the dead delivery itself is one now", POSTED "claim A 2 r1 p=d1;claim A 3 d1",
         "posted same r1 sumA 7 + -", "p A-0 r1 [] - sumA -"},
        {"a redrive of any other delivery is a duplicate", POSTED "claim A 2 r1 p=d9",
         "posted same d1 sumA 7 + -", "p A-0 d1 [] - sumA -"},
        {"a redrive with other content inherits nothing", POSTED "claim B 2 r1 p=d1",
         "posted amended d1 sumA 7 + r1", "p A-0 d1 [] - sumA - / m - B r1 r1 - -"},
        {"nobody publishes it yet: the first of its content does",
         "set lease=0 window=0;" OPEN
         "set lease=60000;claim B 2 d2;finish ok 2 A d2 other;claim A 3 d3",
         "posted own d3 sumA 7 + -", "p A-0 d3 [] - sumA -"},
        {"... another version of it does not",
         "set lease=0 window=0;" OPEN
         "set lease=60000;claim B 2 d2 g=A;finish ok 2 A d2 other;claim B 3 d3 g=A",
         "posted same - sumA 7 + -", "p A-0 - [] - sumA -"},
        {"a restored result keeps its publisher", "restore p A d1;claim A 2 d1",
         "posted own d1 - 3 + -", "p A-0 d1 [] - - -"},
        {"a claim ends the deferral of its delivery", POSTED "defer d2;claim A 2 d2",
         "posted same d1 sumA 7 + -", "p A-0 d1 [] - sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_claim_of_ended(void **state)
{
    static const struct row rows[] = {
        {"refused for this delivery: its dead letter again",
         "claim A 1 d1;refuse 1 0 d1;claim A 2 d1", "refused prima_refused",
         "r A10 d1 [] - - prima_refused"},
        {"refused for another: anybody may try", "claim A 1 d1;refuse 1 0 d1;claim A 2 d2",
         "claimed", "c A2+ d2 [] - - -"},
        {"... with any content", "claim A 1 d1;refuse 1 0 d1;claim B 2 d2", "claimed",
         "c B2+ d2 [] - - -"},
        {"parked, same content", OPEN "park 1 d1;claim A 2 d2",
         "parked 1 outcome_unknown A sumA + 1", "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"parked, other content", OPEN "park 1 d1;claim B 2 d2",
         "parked 0 outcome_unknown A sumA + 1", "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"parked, content unknown: it may be anybody's", OPEN "park 1 d1 unknown;claim B 2 d2",
         "parked 1 outcome_unknown - sumA + 0", "k -10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"parked before Redis was lost: nothing proves it", "restore k A d1;claim A 2 d2",
         "parked 1 outcome_unknown A - 0 0", "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"taken back before it was posted", "claim A 1 d1;cancel 1 d1;claim A 2 d2", "cancelled d1",
         "x A10 d1 [] - - -"},
        {"... by its own delivery", "claim A 1 d1;cancel 1 d1;claim A 2 d1", "cancelled d1",
         "x A10 d1 [] - - -"},
        {"a person discarded it", "restore k A d1;restore d A d1;claim A 2 d2", "discarded",
         "d A-0 d1 [?#0@-0] - - outcome_unknown"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_ghosts(void **state)
{
    static const struct row rows[] = {
        {"no marker", "set newmarker=x;claim A 1 d1", "suspect", "none"},
        {"another incident's marker", "claim A 1 d1;set newmarker=n;sent 1 1 A", "suspect",
         "c A1+ d1 [] - - -"},
        {"... even a finish", OPEN "set newmarker=n;finish ok 1 A d1 mine", "suspect",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"our slot is somebody else's", "set newepoch=6;claim A 1 d1", "slot_lost", "none"},
        {"... since the claim", "claim A 1 d1;set newepoch=6;sent 1 1 A", "slot_lost",
         "c A1+ d1 [] - - -"},
        {"... refuse", OPEN "set newepoch=6;refuse 1 1 d1", "slot_lost",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... park", OPEN "set newepoch=6;park 1 d1", "slot_lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... absent", "set window=0;" OPEN "set newepoch=6;absent 1", "slot_lost",
         "s A1+ d1 [A#1@10] reqA sumA -"},
        {"... answered", OPEN "set newepoch=6;answered 1 1", "slot_lost",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... renew", OPEN "set newepoch=6;renew 1", "slot_lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... cancel", "claim A 1 d1;set newepoch=6;cancel 1 d1", "slot_lost", "c A1+ d1 [] - - -"},
        {"... found", OPEN "set newepoch=6;finish found 1 A d1 mine", "slot_lost",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... but Prima's OK is a fact", OPEN "set newepoch=6;finish ok 1 A d1 mine", "finished +",
         "p A-0 d1 [] - sumA -"},
        {"an older generation claims nothing", "claim A 1 d1;set fence=4;claim A 2 d2", "stale 5",
         "c A1+ d1 [] - - -"},
        {"... and sends nothing", "claim A 1 d1;set fence=4;sent 1 1 A", "stale 5",
         "c A1+ d1 [] - - -"},
        {"... and finds nothing", OPEN "set fence=4;finish found 1 A d1 mine", "stale 5",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... but its OK counts", OPEN "set fence=4;finish ok 1 A d1 mine", "finished +",
         "p A-0 d1 [] - sumA -"},
        {"... and does not lower the fence", OPEN "set fence=4;finish ok 1 A d1 mine;claim A 2 d1",
         "stale 5", "p A-0 d1 [] - sumA -"},
        {"a newer generation goes on", "claim A 1 d1;set fence=6;sent 1 1 A", "sent 1",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... and the older one is a ghost from then on",
         "claim A 1 d1;set fence=6;sent 1 1 A;set fence=5;renew 1", "stale 6",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_deferrals(void **state)
{
    static const struct row rows[] = {
        {"an earlier record of the key is in a retry topic", "defer d1;claim A 2 d2", "deferred",
         "none | d1"},
        {"the earlier record itself may claim", "defer d1;claim A 1 d1", "claimed",
         "c A1+ d1 [] - - - | d1"},
        {"those behind it wait in the order in which they were deferred",
         "defer d1;defer d9;defer d2;claim A 1 d2", "deferred", "none | d1 d9 d2"},
        {"... the second goes on when the first has settled",
         "defer d1;defer d9;defer d2;claim A 1 d1;refuse 1 0 d1;claim B 2 d9", "claimed",
         "c B2+ d9 [] - - - | d9 d2"},
        {"... and the first's dead letter is written again when its holder died, before those "
         "behind it",
         "defer d1;defer d2;claim A 1 d1;refuse 1 0 d1;claim A 2 d1", "refused prima_refused",
         "r A10 d1 [] - - prima_refused | d2"},
        {"... so is its result", "defer d1;defer d2;" POSTED "claim A 2 d1",
         "posted own d1 sumA 7 + -", "p A-0 d1 [] - sumA - | d2"},
        {"deferring again keeps its place", "defer d1;defer d2;defer d1;claim A 2 d2", "deferred",
         "none | d1 d2"},
        {"posted ends a deferral -", "defer d1;" POSTED "claim A 1 d1", "posted own d1 sumA 7 + -",
         "p A-0 d1 [] - sumA -"},
        {"... and so does refused", "defer d1;claim A 1 d1;refuse 1 0 d1", "refused",
         "r A10 d1 [] - - prima_refused"},
        {"... and so does parked", "defer d1;" OPEN "park 1 d1", "parked",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"a ghost leaves no mark", "set fence=9;claim A 1 d1;set fence=5;defer d2", "stale 9",
         "c A1+ d1 [] - - -"},
        {"... nor does who has lost its slot", "set newepoch=9;defer d1", "slot_lost", "none"},
        {"what has ended goes nowhere", POSTED "defer d1", "lost", "p A-0 d1 [] - sumA -"},
        {"a ghost takes no mark away",
         "defer d1;defer d2;set fence=9;claim A 1 d1;set fence=5;release 1", "stale 9",
         "c A1+ d1 [] - - - | d1 d2"},
        {"nor does it leave one behind what a newer one found parked",
         OPEN "park 1 d1;set fence=9;claim A 2 d2;set fence=5;defer d3", "stale 9",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"a released claim keeps it", "defer d1;claim A 1 d1;release 1", "released", "none | d1"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* A version that waits by policy leaves word: older ones end, whoever meets them. */
static void test_waits(void **state)
{
    static const struct row rows[] = {
        {"nobody has it", "claim A 1 d1 v=7;wait 1 d1 v=7", "released", "c --0 d1 [] - - w"},
        {"it comes back", "claim A 1 d1 v=7;wait 1 d1 v=7;claim A 2 d1 v=7", "claimed",
         "c A2+ d1 [] - - w"},
        {"... and its holder dies: an older one is superseded still",
         "claim B 1 d2 v=7;wait 1 d2 v=7;set lease=0;claim B 2 d2 v=7;set lease=60000;claim A 3 d1 "
         "v=6",
         "superseded d2", "c B20 d2 [] - - w"},
        {"... and itself goes on",
         "claim B 1 d2 v=7;wait 1 d2 v=7;set lease=0;claim B 2 d2 v=7;set lease=60000;claim B 3 d2 "
         "v=7",
         "claimed", "c B3+ d2 [] - - w"},
        {"an older one is superseded by it", "claim B 1 d2 v=7;wait 1 d2 v=7;claim A 2 d1 v=6",
         "superseded d2", "c --0 d2 [] - - w"},
        {"... and its mark goes", "defer d1;claim B 1 d1 v=6;wait 1 d1 v=7;claim A 2 d2 v=6",
         "superseded d1", "c --0 d1 [] - - w"},
        {"a newer one goes on", "claim A 1 d1 v=6;wait 1 d1 v=6;claim B 2 d2 v=7", "claimed",
         "c B2+ d2 [] - - w"},
        {"one without versions goes on", "claim A 1 d1 v=7;wait 1 d1 v=7;claim B 2 d2 v=0",
         "claimed", "c B2+ d2 [] - - w"},
        {"one of the same version goes on", "claim A 1 d1 v=7;wait 1 d1 v=7;claim B 2 d2 v=7",
         "claimed", "c B2+ d2 [] - - w"},
        {"one that goes to a retry topic before it is decided waits on",
         "claim B 1 d2 v=7;wait 1 d2 v=7;claim B 2 d2 v=7;release 2;claim A 3 d1 v=6",
         "superseded -", "c --0 - [] - - w"},
        {"as an earlier release wrote it", "waited d2;claim A 1 d1 v=6", "superseded d2",
         "w --0 d2 [] - - -"},
        {"... it comes back", "waited d2;claim B 1 d2 v=7", "claimed", "c B1+ d2 [] - - w"},
        {"somebody else's claim stays", "claim A 1 d1 v=7;wait 2 d2 v=8", "released",
         "c A1+ d1 [] - - -"},
#define EMPTY "claim A 1 t/0/6 v=7;empties 1 t/0/6 v=7;"
        {"one that has nothing left: an older one ends", EMPTY "claim B 2 t/0/7 v=6",
         "superseded t/0/6", "c A-0 t/0/6 [] - - nothing_left"},
        {"... a newer one has something again", EMPTY "claim B 2 t/0/7 v=8", "claimed",
         "c B2+ t/0/7 [] - - w"},
        {"... its own delivery", EMPTY "claim A 2 t/0/6 v=7", "claimed", "c A2+ t/0/6 [] - - w"},
        {"... of its version, the one that came before it, and waited", EMPTY "claim B 2 t/0/5 v=7",
         "superseded t/0/6", "c A-0 t/0/6 [] - - nothing_left"},
        {"... of its version, one that came later", EMPTY "claim B 2 t/0/7 v=7", "claimed",
         "c B2+ t/0/7 [] - - w"},
        {"... the channel takes it back for good", EMPTY "claim X 2 t/0/7 v=8;cancel 2 t/0/7",
         "cancelled", "x X20 t/0/7 [] - - w"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* What no script of ours wrote stands alone: its key is for a person, its neighbours and the worker
 * go on. */
static void test_unreadable(void **state)
{
    static const char *const values[] = {"x", "not packed at all",
                                         "\x93\xa1"
                                         "c\x01\x02",
                                         "\x81\xa1"
                                         "a\x01",
                                         "\xdc\xff\xff"};
    static const char *const steps[] = {"claim A 1 d1",
                                        "sent 1 1 A",
                                        "renew 1",
                                        "absent 1",
                                        "refuse 1 0 d1",
                                        "park 1 d1",
                                        "release 1",
                                        "cancel 1 d1",
                                        "defer d1",
                                        "answered 1 1",
                                        "finish found 1 A d1 mine"};
    (void)state;
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
            char text[100];
            (void)snprintf(text, sizeof text, "raw;%s", steps[i]);
            row_raw = values[v];
            row_answers(text, "unreadable");
        }
    row_raw = values[0];
    row_answers("raw;finish ok 1 A d1 mine", "finished +"); /* a definite OK is a fact */
    row_answers("list;claim A 1 d1", "unreadable");         /* not even a string */
    row_answers("marks;claim A 1 d1", "unreadable");        /* or no set of marks */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_claim),          cmocka_unit_test(test_takeover),
        cmocka_unit_test(test_claim_and_sent), cmocka_unit_test(test_claim_of_posted),
        cmocka_unit_test(test_claim_of_ended), cmocka_unit_test(test_ghosts),
        cmocka_unit_test(test_deferrals),      cmocka_unit_test(test_waits),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests_name("claims in Redis", tests, world_set_up, world_tear_down);
}
