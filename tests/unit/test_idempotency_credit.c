/* What is reserved of an order: by whom it is decided anew, who keeps it, who gives it back, and what is
 * left when the ledger has it. A row whose name begins with [a mutant] fails when that rule is removed
 * (CMakeLists.txt runs each). */
#include "test_key_credit_support.h"

#define AT "at 10;"
#define A_SENT AT "look;claim a 1;sent a 1 5 A;" /* a's reservation, by number 5 */
#define A_PARKED AT "set window=-5;look;claim a 1;sent a 1 5 A;park a 1;"
#define HEIR                                                                                       \
    AT "look;set lease=0 window=0;claim a 1;sent a 1 5 A;"                                         \
       "set lease=60000 window=60000;claim a 2;" /* ... taken over by 2, past its time */

static void test_reserve(void **state)
{
    static const struct credit_row rows[] = {
        {"[reserve_with_sent] what it takes is reserved with `sent`", A_SENT, "sent",
         "5 a#5:sumA at 10, a=s!"},
        {"others are told so by the look", A_SENT "look", "known 10 5 a#5:sumA",
         "5 a#5:sumA at 10, a=s!"},
        {"nothing is reserved yet, and there is a position", AT "look", "known 10 -", "none at 10"},
        {"nothing is sent without a reservation", AT "claimsent a 1 5 A", "claimed 10 -",
         "none at 10, a=c"},
        {"a claim alone reserves nothing", AT "claim a 1", "claimed 10 -", "none at 10, a=c"},
        {"... and says what a look would", A_SENT "claim b 2", "claimed 10 5 a#5:sumA",
         "5 a#5:sumA at 10, a=s! b=c"},
        {"one that has seen the first one goes beside it", A_SENT "look;claim b 2;sent b 2 6 B",
         "sent", "6 a#5:sumA b#6:sumB at 10, a=s! b=s!"},
        {"all of them are told of", A_SENT "look;claim b 2;sent b 2 6 B;look",
         "known 10 6 a#5:sumA b#6:sumB", "6 a#5:sumA b#6:sumB at 10, a=s! b=s!"},
        {"nothing of it without a claim", AT "look;sent a 1 5 A", "lost", "none at 10"},
        {"nor by another's", A_SENT "sent a 2 6 B", "lost", "5 a#5:sumA at 10, a=s!"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_a_persons_word(void **state)
{
    static const struct credit_row rows[] = {
        {"a release gives it back", A_PARKED "person take a 9", "claimed", "none at 10, a=c"},
        {"... before it is sent again it is decided anew",
         A_PARKED "person take a 9;claim b 2;sent b 2 6 B s=-", "sent",
         "6 b#6:sumB at 10, a=c b=s!"},
        {"a discard gives it back", A_PARKED "person discard a 9", "discarded", "none at 10, a=d!"},
        {"what is adopted keeps it until the ledger has it", A_PARKED "person adopt a 9",
         "finished", "5 a#5:sumA at 10, a=p"},
        {"... and whoever publishes it has its number",
         A_PARKED "person adopt a 9;claim a 2 d=y p=a", "posted own#5", "5 a#5:sumA at 10, a=p"},
        {"what somebody works on keeps it", A_SENT "person discard a 9", "not taken",
         "5 a#5:sumA at 10, a=s!"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_stamp(void **state)
{
    static const struct credit_row rows[] = {
        {"[stamp_compare] another one has reserved since it was decided",
         AT "look;claim b 2;claim a 1;sent a 1 5 A;sent b 2 6 B s=-", "moved 10 5 a#5:sumA",
         "5 a#5:sumA at 10, a=s! b=c"},
        {"... and the next decision, on what the answer says, goes",
         AT "look;claim b 2;claim a 1;sent a 1 5 A;sent b 2 6 B s=-;sent b 2 6 B s=5", "sent",
         "6 a#5:sumA b#6:sumB at 10, a=s! b=s!"},
        {"who has seen less than there is now",
         A_SENT "look;claim b 2;sent b 2 6 B;claim c 3;sent c 3 7 C s=5",
         "moved 10 6 a#5:sumA b#6:sumB", "6 a#5:sumA b#6:sumB at 10, a=s! b=s! c=c"},
        {"what was seen has gone, and with it the stamp: nothing is reserved, as at first",
         A_SENT "refuse a 1 5;claim b 2;sent b 2 6 B s=-", "sent", "6 b#6:sumB at 10, a=r b=s!"},
        {"... who saw it decides anew", A_SENT "look;refuse a 1 5;claim b 2;sent b 2 6 B",
         "moved 10 -", "none at 10, a=r b=c"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_position(void **state)
{
    static const struct credit_row rows[] = {
        {"[position_compare] a table that has not read to the position",
         AT "look;claim a 1;sent a 1 5 A read=9", "moved 10 -", "none at 10, a=c"},
        {"it has read to it", AT "look;claim a 1;sent a 1 5 A read=10", "sent",
         "5 a#5:sumA at 10, a=s!"},
        {"nobody knows how far: nobody reserves", "look;claim a 1;sent a 1 5 A", "moved -1 -",
         "none at -, a=c"},
        {"... and the look says so", "look", "known -1 -", "none at -"},
        {"the rebuild sets it, whatever stood there", AT "at 7", "restored", "none at 7"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_kept(void **state)
{
    static const struct credit_row rows[] = {
        {"a takeover", HEIR, "takeover", "5 a#5:sumA at 10, a=s!"},
        {"the stored request goes once more, whatever was decided, read and reserved since",
         HEIR "block x;sent a 2 6 B s=9 read=0", "sent", "5 a#5:sumA blocked by x at 10, a=s!!"},
        {"the way to a retry topic", A_SENT "defer a 1", "deferred", "5 a#5:sumA at 10, a=s!"},
        {"renewed", A_SENT "renew a 1", "renewed", "5 a#5:sumA at 10, a=s!"},
        {"parked", A_SENT "park a 1", "parked#5", "5 a#5:sumA at 10, a=k!"},
        {"... looked at again", A_SENT "park a 1;claim a 2", "parked#5", "5 a#5:sumA at 10, a=k!"},
        {"... when the ledger has it", A_SENT "park a 1;done a 5 20;claim a 2", "parked#0",
         "none at 20, a=k!"},
        {"... by who took it over", HEIR "park a 2", "parked#5", "5 a#5:sumA at 10, a=k!"},
        {"parked, and nothing was sent", AT "claim a 1;park a 1", "parked#0", "none at 10, a=k"},
        {"a number that somebody else has: parked", A_SENT "exists a 1 5", "parked#5",
         "5 a#5:sumA at 10, a=k"},
        {"refused, and an earlier send is unanswered", A_SENT "sent a 1 6 A;refuse a 1 6",
         "parked#5", "5 a#5:sumA at 10, a=k!"},
        {"refused by who does not hold it any more", HEIR "refuse a 1 5", "lost",
         "5 a#5:sumA at 10, a=s!"},
        {"absent, and the stored request goes again", HEIR "absent a 2 over", "absent",
         "5 a#5:sumA at 10, a=s"},
        {"another one goes instead, and a sender may be alive", HEIR "absent a 2 anew", "absent",
         "5 a#5:sumA at 10, a=s!"},
        {"not applied, and an earlier send is unanswered", A_SENT "sent a 1 6 A;answered a 1 6",
         "sent", "5 a#5:sumA at 10, a=s!"},
        {"posted", A_SENT "finish a 1 ok A", "finished#5", "5 a#5:sumA at 10, a=p"},
        {"... found", HEIR "finish a 2 found A", "finished#5", "5 a#5:sumA at 10, a=p"},
        {"... for another delivery's content", HEIR "finish a 2 found A other", "finished#5",
         "5 a#5:sumA at 10, a=p"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_given_back(void **state)
{
    static const struct credit_row rows[] = {
        {"[refused_gives_back] a clean refusal", A_SENT "refuse a 1 5", "refused",
         "none at 10, a=r"},
        {"... of another delivery's content", A_SENT "refuse a 1 5 other", "refused",
         "none at 10, a=r"},
        {"[unapplied_gives_back] known not to have been applied, and free to be decided anew",
         A_SENT "answered a 1 5", "claimed", "none at 10, a=c"},
        {"... which reserves again", A_SENT "answered a 1 5;sent a 1 6 B", "sent",
         "6 a#6:sumB at 10, a=s!"},
        {"[ended_gives_back] absent for good, and the stored request does not go again",
         HEIR "absent a 2 anew over", "absent", "none at 10, a=c"},
        {"others' reservations stay", A_SENT "look;claim b 2;sent b 2 6 B;refuse a 1 5", "refused",
         "6 b#6:sumB at 10, a=r b=s!"},
        {"... and the block", A_SENT "block x;refuse a 1 5", "refused",
         "5 blocked by x at 10, a=r"},
        {"one that was never made", AT "claim a 1;refuse a 1 -1 read=-1", "refused",
         "none at 10, a=r"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

/* Another request, while an earlier sender may be alive: reserved anew, and the number is its own. */
static void test_anew(void **state)
{
    static const struct credit_row rows[] = {
        {"on a new look", HEIR "absent a 2 anew;look;sent a 2 6 B", "sent",
         "6 a#6:sumB at 10, a=s!!"},
        {"[stamp_compare] not on the old one", HEIR "absent a 2 anew;sent a 2 6 B s=-",
         "moved 10 5 a#5:sumA", "5 a#5:sumA at 10, a=s!"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_refused_for_credit(void **state)
{
    static const struct credit_row rows[] = {
        {"said by a table that has read to the position", AT "claim a 1;refuse a 1 -1 read=10",
         "refused", "none at 10, a=r"},
        {"[refusal_at_position] not by one that has not", AT "claim a 1;refuse a 1 -1 read=9",
         "moved 10 -", "none at 10, a=c"},
        {"[refusal_at_position] nor while the entry is amended",
         AT "block x;claim a 1;refuse a 1 -1 read=10", "moved 10 - blocked",
         "- blocked by x at 10, a=c"},
        {"other reasons need no ledger", AT "block x;claim a 1;refuse a 1 -1 read=-1", "refused",
         "- blocked by x at 10, a=r"},
        {"nor does Prima", A_SENT "block x;refuse a 1 5 read=9", "refused",
         "5 blocked by x at 10, a=r"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_done(void **state)
{
    static const struct credit_row rows[] = {
        {"[position_with_drop] the reservation goes, the position rises",
         A_SENT "finish a 1 ok A;done a 5 20", "released", "none at 20, a=p"},
        {"others' reservations stay, and the stamp",
         A_SENT "look;claim b 2;sent b 2 6 B;finish a 1 ok A;done a 5 20", "released",
         "6 b#6:sumB at 20, a=p b=s!"},
        {"[drop_is_its_own] another number's stays",
         A_SENT "answered a 1 5;sent a 1 6 B;done a 5 20", "released", "6 a#6:sumB at 20, a=s!"},
        {"no number: none is taken off", A_SENT "finish a 1 ok A;done a 0 20", "released",
         "5 a#5:sumA at 20, a=p"},
        {"the position falls for nobody", A_SENT "at 30;finish a 1 ok A;done a 5 20", "released",
         "none at 30, a=p"},
        {"where there is none, nobody knows how far yet", "done a 5 20", "released", "none at -"},
        {"who decided before that, by a table that lags, decides anew",
         A_SENT "look;finish a 1 ok A;done a 5 20;claim b 2;sent b 2 6 B s=- read=19", "moved 20 -",
         "none at 20, a=p b=c"},
        {"it comes late, and once more",
         A_SENT "finish a 1 ok A;done a 5 20;look;claim b 2;sent b 2 6 B;done a 5 20", "released",
         "6 b#6:sumB at 20, a=p b=s!"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

/* A note is told what its order has open. */
static void test_related(void **state)
{
    static const struct credit_row rows[] = {
        {"an amendment", A_SENT "order amended;finish a 1 ok A", "finished#5 order_amended",
         "5 a#5:sumA at 10, a=p"},
        {"a cancellation", A_SENT "order cancelled;finish a 1 ok A",
         "finished#5 cancelled_after_posting", "5 a#5:sumA at 10, a=p"},
        {"both: the lines are the first question", A_SENT "order cancelled amended;finish a 1 ok A",
         "finished#5 order_amended", "5 a#5:sumA at 10, a=p"},
        {"neither", A_SENT "order;finish a 1 ok A", "finished#5", "5 a#5:sumA at 10, a=p"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_published_again(void **state)
{
    static const struct credit_row rows[] = {
        {"[publisher_holds] its reservation is gone: it is made again, under a new stamp",
         A_SENT "finish a 1 ok A;done a 5 20;claim a 2", "posted own#+", "+ a#+:sumA at 20, a=p"},
        {"[publisher_holds] by who redrives it",
         A_SENT "finish a 1 ok A;done a 5 20;claim a 2 d=x p=a", "posted own#+",
         "+ a#+:sumA at 20, a=p"},
        {"its reservation is there yet", A_SENT "finish a 1 ok A;claim a 2", "posted own#5",
         "5 a#5:sumA at 10, a=p"},
        {"a duplicate has nothing to publish", A_SENT "finish a 1 ok A;done a 5 20;claim a 2 d=x",
         "posted same#0", "none at 20, a=p"},
        {"of what was rebuilt the ledger has it", AT "restore a A;claim a 2", "posted own#0 told",
         "none at 10, a=p"},
        {"[told_is_published] ... and of what was committed since",
         A_SENT "finish a 1 ok A;done a 5 20 told;claim a 2", "posted own#0 told",
         "none at 20, a=p"},
        {"[told_is_its_own] another delivery is to publish it now",
         A_SENT "finish a 1 ok A;claim a 2 d=x p=a;done a 5 20 told;claim a 3 d=x", "posted own#+",
         "+ a#+:sumA at 20, a=p"},
        {"nothing is told of a parked one", A_SENT "park a 1;done a 5 20 told;claim a 2",
         "parked#0", "none at 20, a=k!"},
        {"found, and its reservation went with its record in the ledger",
         A_SENT "park a 1;done a 5 20;claim a 2;finish a 2 found A", "finished#+",
         "+ a#+:sumA at 20, a=p"},
        {"what the note says is not what was reserved", A_SENT "finish a 1 adopt B", "finished#5",
         "+ a#5:sumB at 10, a=p"},
        {"who looked before that decides anew",
         A_SENT "look;finish a 1 adopt B;claim b 2;sent b 2 6 B", "moved 10 + a#5:sumB",
         "+ a#5:sumB at 10, a=p b=c"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

/* Redis was lost or set back. */
static void test_another_marker(void **state)
{
    static const struct credit_row rows[] = {
        {"[holds_of_today] what was reserved under another one is nothing",
         A_SENT "set newmarker=n marker=n;look", "known 10 -", "5 a#5:sumA at 10, a=s!"},
        {"... nor a block", AT "block x;set newmarker=n marker=n;look", "known 10 -",
         "- blocked by x at 10"},
        {"who reserves next takes it away",
         A_SENT "set newmarker=n marker=n;look;claim b 2;sent b 2 6 B", "sent",
         "6 b#6:sumB at 10, a=s! b=s!"},
        {"a request that was stored before goes on a reservation, too",
         A_SENT "set newmarker=n marker=n window=0;claim a 2;sent a 2 6 B s=-", "sent",
         "6 a#6:sumA at 10, a=s!!!"},
        {"[stamp_compare] ... or not",
         A_SENT
         "set newmarker=n marker=n window=0;look;claim b 3;sent b 3 7 B;claim a 2;sent a 2 6 B s=-",
         "moved 10 7 b#7:sumB", "7 b#7:sumB at 10, a=s!! b=s!"},
        {"a Redis that is not ours is told nothing", A_SENT "set newmarker=n;done a 5 20",
         "suspect", "5 a#5:sumA at 10, a=s!"},
        {"... and says nothing", A_SENT "set newmarker=n;look", "suspect",
         "5 a#5:sumA at 10, a=s!"},
        {"... nor is it set", AT "set newmarker=n;at 20", "failed", "none at 10"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

/* What `primaflow why` asks: it changes nothing. */
static void test_shown(void **state)
{
    static const struct credit_row rows[] = {
        {"what is reserved", A_SENT "show", "known 10 5 a#5:sumA", "5 a#5:sumA at 10, a=s!"},
        {"nothing", AT "show", "known 10 -", "none at 10"},
        {"nothing, and nobody may decide", "show", "known -1 -", "none at -"},
        {"a block", AT "block x;show", "known 10 - blocked", "- blocked by x at 10"},
        {"Redis is being rebuilt", AT "set newmarker=rebuild:7;show", "suspect", "none at 10"},
        {"another tool's value", AT "spoil;show", "unreadable", "foreign"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_amended(void **state)
{
    static const struct credit_row rows[] = {
        {"what is reserved is told", A_SENT "block x", "known 10 5 blocked a#5:sumA",
         "5 a#5:sumA blocked by x at 10, a=s!"},
        {"[amend_blocks] nobody reserves", AT "look;block x;claim a 1;sent a 1 5 A",
         "moved 10 - blocked", "- blocked by x at 10, a=c"},
        {"[amend_position] the position rises with the block's end", A_SENT "block x;unblock x 20",
         "released", "5 a#5:sumA at 20, a=s!"},
        {"who decided by the former entry decides anew",
         AT "look;claim a 1;block x;unblock x 20;sent a 1 5 A read=19", "moved 20 -",
         "none at 20, a=c"},
        {"nothing was amended: who decided before goes on",
         AT "look;claim a 1;block x;unblock x -1;sent a 1 5 A", "sent", "5 a#5:sumA at 10, a=s!"},
        {"another command waits", AT "block x;block y", "busy +", "- blocked by x at 10"},
        {"... for no longer than a transaction may last", AT "set block=0;block x;block y",
         "known 10 - blocked", "- blocked by y at 10"},
        {"... whose block the former one does not end, and its entry counts",
         AT "set block=0;block x;block y;unblock x 20", "lost", "- blocked by y at 20"},
        {"just before it commits", AT "block x;again x", "known", "- blocked by x at 10"},
        {"[amend_holds] another one has taken it over", AT "set block=0;block x;block y;again x",
         "lost", "- blocked by y at 10"},
        {"[amend_holds] ... and has ended", AT "set block=0;block x;block y;unblock y 20;again x",
         "lost", "none at 20"},
        {"nobody has, though its time was over", AT "set block=0;block x;again x", "known",
         "- blocked by x at 10"},
        {"Redis was set back behind the block: it is lost for everybody, before the commit",
         AT "block x;forget x;again x", "suspect", "none at 10"},
        {"... and nobody reserves", AT "look;claim a 1;block x;forget x;again x;sent a 1 5 A",
         "suspect", "none at 10, a=c"},
        {"... or behind it", A_SENT "block x;forget x;unblock x 20", "suspect", "none at 10, a=s!"},
        {"it is run again", AT "set block=0;block x;set block=60000;block y;unblock y 20",
         "released", "none at 20"},
        {"the block outlives what is reserved", A_SENT "block x;refuse a 1 5;look",
         "known 10 5 blocked", "5 blocked by x at 10, a=r"},
        {"Redis is being rebuilt", AT "set newmarker=rebuild:7;block x", "suspect", "none at 10"},
        {"... at its end", AT "block x;set newmarker=rebuild:7;unblock x 20", "suspect",
         "- blocked by x at 10"},
        {"no position: nobody decides yet, and none is made up", "block x;unblock x 20", "released",
         "none at -"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

/* What an edit without money leaves owed: known from the step that ends it. */
static void test_owed(void **state)
{
    static const struct credit_row rows[] = {
        {"[owed_with_end] the order is marked in the step that ends the edit",
         AT "claim a 1;owe a 1", "released", "+ ~a#a:sumA at 10"},
        {"... and others are told", AT "claim a 1;owe a 1 v=7;claim b 2",
         "claimed 10 + ~a#a v7:sumA", "+ ~a#a:sumA at 10, b=c"},
        {"[owed_with_end] who decided before that decides anew",
         AT "look;claim b 2;claim a 1;owe a 1;sent b 2 6 B s=-", "moved 10 + ~a#a v0:sumA",
         "+ ~a#a:sumA at 10, b=c"},
        {"said again, for the answer was lost", AT "claim a 1;owe a 1;owe a 1", "released",
         "+ ~a#a:sumA at 10"},
        {"by another holder's word nothing ends", AT "claim a 1;owe a 2", "lost",
         "none at 10, a=c"},
        {"nor by the word of who had the key", AT "claim a 1;release a 1;owe a 1", "lost",
         "none at 10"},
        {"[position_compare] nor by a table that lags", AT "claim a 1;owe a 1 read=9", "moved 10 -",
         "none at 10, a=c"},
        {"nor while the entry is amended", AT "claim a 1;block x;owe a 1", "moved 10 - blocked",
         "- blocked by x at 10, a=c"},
        {"[position_with_drop] its record is in the ledger", AT "claim a 1;owe a 1;done a 0 20 d=a",
         "released", "none at 20"},
        {"... another delivery's is not", AT "claim a 1;owe a 1;done a 0 20 d=x", "released",
         "+ ~a#a:sumA at 20"},
        {"... and reservations stay", A_SENT "claim b 2;owe b 2;done b 0 20 d=b", "released",
         "+ a#5:sumA at 20, a=s!"},
        {"it comes again, and leaves something else", AT "claim a 1;owe a 1;claim a 2;owe a 2 0 B",
         "released", "+ ~a#a:sumB at 10"},
        {"[owed_gives_back] ... or nothing", AT "claim a 1;owe a 1;claim a 2;release a 2 ends",
         "released", "none at 10"},
        {"... or is refused", AT "claim a 1;owe a 1;claim a 2;refuse a 2 -1 read=-1", "refused",
         "none at 10, a=r"},
        {"... not by another delivery's end",
         AT "claim a 1;owe a 1;claim a 2 d=x;release a 2 ends d=x", "released",
         "+ ~a#a:sumA at 10"},
        {"... nor on its way to a retry topic", AT "claim a 1;owe a 1;claim a 2;release a 2",
         "released", "+ ~a#a:sumA at 10"},
        {"a newer version has read it: nobody else sees the older one's, so all must read as far",
         AT "claim a 1;owe a 1 v=1;claim a 2 d=x;owe a 2 0 B v=2 d=x read=15", "released",
         "+ ~a#x:sumB at 15"},
        {"an older version changes nothing of it",
         AT "claim a 1;owe a 1 v=2;claim a 2 d=x;owe a 2 0 B v=1 d=x", "moved 10 + ~a#a v2:sumA",
         "+ ~a#a:sumA at 10, a=c"},
        {"[holds_of_today] what was marked before Redis was lost is not",
         AT "claim a 1;owe a 1;set newmarker=n marker=n;look", "known 10 -", "+ ~a#a:sumA at 10"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

/* Another tool wrote where the order's record should be: it stays, nobody reserves, and what has happened
 * to a refund is on its own record. */
static void test_unreadable(void **state)
{
    static const struct credit_row rows[] = {
        {"the look says so", AT "spoil;look", "unreadable", "foreign"},
        {"nobody reserves", AT "look;claim a 1;spoil;sent a 1 5 A", "unreadable", "foreign"},
        {"nobody is refused for it", AT "claim a 1;spoil;refuse a 1 -1 read=10", "unreadable",
         "foreign"},
        {"a note is a fact", A_SENT "spoil;finish a 1 ok A", "finished#0", "foreign"},
        {"... and so is a refusal", A_SENT "spoil;refuse a 1 5", "refused", "foreign"},
        {"nothing is taken off", A_SENT "spoil;done a 5 20", "released", "foreign"},
        {"nor blocked", AT "spoil;block x", "unreadable", "foreign"},
        {"nor unblocked", AT "block x;spoil;unblock x 20", "unreadable", "foreign"},
        {"a reservation that nobody can read", A_SENT "garble;look", "unreadable",
         "5 a#5:sumA z#+:x at 10, a=s!"},
        {"... lets nobody reserve", A_SENT "look;garble;claim b 2;sent b 2 6 B s=-", "unreadable",
         "5 a#5:sumA z#+:x at 10, a=s! b=c"},
    };
    (void)state;
    credit_rows_run(rows, sizeof rows / sizeof *rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reserve),
        cmocka_unit_test(test_a_persons_word),
        cmocka_unit_test(test_stamp),
        cmocka_unit_test(test_position),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_given_back),
        cmocka_unit_test(test_anew),
        cmocka_unit_test(test_refused_for_credit),
        cmocka_unit_test(test_done),
        cmocka_unit_test(test_related),
        cmocka_unit_test(test_published_again),
        cmocka_unit_test(test_another_marker),
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_amended),
        cmocka_unit_test(test_owed),
        cmocka_unit_test(test_unreadable),
    };
    return cmocka_run_group_tests_name("idempotency_credit", tests, credit_set_up,
                                       credit_tear_down);
}
