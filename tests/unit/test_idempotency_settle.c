/* What a holder does with its key: sends, what answers prove, and how it ends. */
#include "test_idempotency_support.h"

#define CLAIMED "claim A 1 d1 v=7;"
#define OPEN CLAIMED "sent 1 1 A;" /* our send is unanswered */
#define LATE "set window=0;" OPEN  /* ... and past its time */
#define HEIR                                                                                       \
    "set lease=0 window=0;" OPEN                                                                   \
    "set lease=60000 window=60000;" /* ... and its holder's lease is over: what follows takes it   \
                                       over */

static void test_sent(void **state)
{
    static const struct row rows[] = {
        {"the exact request and the send go on record", OPEN, "sent 1",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"a second send keeps the first one's request, and both are unanswered", OPEN "sent 1 2 A",
         "sent 2", "s A1+ d1 [A#1@1+ A#2@1+] reqA sumA -"},
        {"... whatever the mappings say by then", OPEN "sent 1 2 B", "sent 2",
         "s A1+ d1 [A#1@1+ A#2@1+] reqA sumA -"},
        {"... after an answered one it is decided anew", OPEN "answered 1 1;sent 1 2 B", "sent 1",
         "s B1+ d1 [B#2@1+] reqB sumB -"},
        {"the lease is renewed for it", "set lease=0;" CLAIMED "set lease=60000;sent 1 1 A",
         "sent 1", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"nothing was claimed", "sent 1 1 A", "lost", "none"},
        {"somebody else holds it", CLAIMED "sent 2 1 A", "lost", "c A1+ d1 [] - - -"},
        {"the heir sends the request that it took over", HEIR "claim B 2 d2;sent 2 2 B", "sent 2",
         "s A2+ d1 [A#1@10 A#2@2+] reqA sumA -"},
        {"it is posted already", OPEN "finish ok 1 A d1 mine;sent 1 2 A", "lost",
         "p A-0 d1 [] - sumA -"},
        {"it is refused already", CLAIMED "refuse 1 0 d1;sent 1 2 A", "lost",
         "r A10 d1 [] - - prima_refused"},
        {"it is parked", OPEN "park 1 d1;sent 1 2 A", "lost",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_answered(void **state)
{
    static const struct row rows[] = {
        {"the only send was not applied: claimed as before", OPEN "answered 1 1", "claimed 0 0",
         "c A1+ d1 [] reqA sumA -"},
        {"an earlier one stays unanswered", OPEN "sent 1 2 A;answered 1 2", "sent + 1",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... of another's content",
         "set lease=0 window=0;" OPEN "set lease=60000;claim B 2 d2;sent 2 2 B;answered 2 2",
         "sent 0 1", "s A2+ d1 [A#1@10] reqA sumA -"},
        {"a send of that number is not on record", OPEN "answered 1 7", "sent + 1",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"somebody else holds it", OPEN "answered 2 1", "lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"no record", "answered 1 1", "lost", "none"},
        {"posted meanwhile -", OPEN "finish ok 1 A d1 mine;answered 1 1", "lost",
         "p A-0 d1 [] - sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* Prima says that the number exists. */
static void test_exists(void **state)
{
    static const struct row rows[] = {
        {"to the first send: somebody else's, and parked at once", OPEN "exists 1 1 d1", "parked",
         "k -10 d1 [] reqA sumA exists_unproven"},
        {"... and nothing that is found later proves it",
         OPEN "exists 1 1 d1;finish found 1 A d1 mine", "unproven",
         "k -10 d1 [] reqA sumA exists_unproven"},
        {"after an unanswered send of this content: ours", OPEN "sent 1 2 A;exists 1 2 d1",
         "sent + 1", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"after the heir's resend of it: ours",
         HEIR "claim A 2 d2;absent 2;sent 2 2 A;exists 2 2 d2", "sent 0 1",
         "s A2+ d1 [A#1@10] reqA sumA -"},
        {"after an unanswered send from before Redis was lost: unproven",
         LATE "set newmarker=n marker=n;claim A 2 d2;sent 2 2 A;exists 2 2 d2", "parked",
         "k -20 d2 [A#1@10 ?#0@-0] reqA sumA exists_unproven"},
        {"it ends the deferral, too", "defer d1;" OPEN "exists 1 1 d1", "parked",
         "k -10 d1 [] reqA sumA exists_unproven"},
        {"somebody else holds it", OPEN "exists 2 1 d2", "lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_finish(void **state)
{
    static const struct row rows[] = {
        {"Prima said OK", OPEN "finish ok 1 A d1 mine", "finished +", "p A-0 d1 [] - sumA -"},
        {"... to a holder who lost the key meanwhile", HEIR "claim B 2 d2;finish ok 1 A d1 mine",
         "finished +", "p A-0 d1 [] - sumA -"},
        {"... to an heir with other content: whoever has it publishes",
         HEIR "claim B 2 d2;finish ok 2 A d2 other", "finished +", "p A-0 - [] - sumA -"},
        {"... when it is posted already", OPEN "finish ok 1 A d1 mine;finish ok 2 B d2 mine",
         "lost", "p A-0 d1 [] - sumA -"},
        {"... the same content by another delivery",
         OPEN "finish ok 1 A d1 mine;finish ok 2 A d2 mine", "lost", "p A-0 d1 [] - sumA -"},
        {"... for a key that was parked meanwhile", OPEN "park 1 d1;finish ok 1 A d1 mine",
         "finished +", "p A-0 d1 [] - sumA -"},
        {"... for a key that Redis does not know", "finish ok 1 A d1 mine", "finished +",
         "p A-0 d1 [] - sumA -"},
        {"found, and every unanswered send had this content", OPEN "finish found 1 A d1 mine",
         "finished +", "p A-0 d1 [] - sumA -"},
        {"found, by the heir", HEIR "claim A 2 d2;finish found 2 A d2 mine", "finished +",
         "p A-0 d2 [] - sumA -"},
        {"found, but another content is unanswered", HEIR "claim B 2 d2;finish found 2 B d2 mine",
         "unproven", "s A2+ d1 [A#1@10] reqA sumA -"},
        {"found, but nothing is unanswered", LATE "absent 1;finish found 1 A d1 mine", "unproven",
         "s A1+ d1 [] reqA sumA -"},
        {"found, but Redis was lost since a send",
         LATE "set newmarker=n marker=n;claim A 2 d2;finish found 2 A d2 mine", "unproven",
         "s A2+ d1 [A#1@10 ?#0@-0] reqA sumA -"},
        {"Prima said OK, and Redis lost the key meanwhile: the version is known",
         CLAIMED "finish ok 1 A d1 mine v=4;claim A 2 d2", "posted same d1 sumA 7 + -",
         "p A-0 d1 [] - sumA -"},
        {"found, by somebody who lost the key", HEIR "claim A 2 d2;finish found 1 A d1 mine",
         "lost", "s A2+ d1 [A#1@10] reqA sumA -"},
        {"found, before anything was sent", CLAIMED "finish found 1 A d1 mine", "lost",
         "c A1+ d1 [] - - -"},
        {"found, while parked", OPEN "park 1 d1;finish found 2 A d1 mine", "finished +",
         "p A-0 d1 [] - sumA -"},
        {"found, while parked, content unknown", OPEN "park 1 d1 unknown;finish found 2 A d1 mine",
         "unproven", "k -10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"found, while parked since before Redis was lost",
         "restore k A d1;finish found 2 A d1 mine", "unproven",
         "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"adopted by other evidence", LATE "absent 1;finish adopt 1 A d1 mine", "finished +",
         "p A-0 d1 [] - sumA -"},
        {"adopted, while parked, content unknown",
         OPEN "park 1 d1 unknown;finish adopt 2 A d1 mine", "finished +", "p A-0 d1 [] - sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_refuse(void **state)
{
    static const struct row rows[] = {
        {"before anything was sent", CLAIMED "refuse 1 0 d1", "refused",
         "r A10 d1 [] - - prima_refused"},
        {"the only send", OPEN "refuse 1 1 d1", "refused", "r A10 d1 [] - - prima_refused"},
        {"a resend, while an earlier send is unanswered: not clean",
         OPEN "sent 1 2 A;refuse 1 2 d1", "parked",
         "k A10 d1 [A#1@1+] reqA sumA refused_after_unknown"},
        {"... when that send is past its time, too: only asking tells",
         LATE "sent 1 2 A;refuse 1 2 d1", "parked",
         "k A10 d1 [A#1@10] reqA sumA refused_after_unknown"},
        {"after the earlier one was answered", OPEN "answered 1 1;sent 1 2 A;refuse 1 2 d1",
         "refused", "r A10 d1 [] - - prima_refused"},
        {"after our earlier one was found absent", LATE "absent 1;sent 1 2 A;refuse 1 2 d1",
         "refused", "r A10 d1 [] - - prima_refused"},
        {"after an earlier holder's was: it may only be asleep",
         HEIR "claim A 2 d2;absent 2;sent 2 2 A;refuse 2 2 d2", "parked",
         "k A20 d2 [A#1@10] reqA sumA refused_after_unknown"},
        {"somebody else holds it", OPEN "refuse 2 1 d2", "lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"posted meanwhile -", OPEN "finish ok 2 A d2 mine;refuse 1 1 d1", "lost",
         "p A-0 d2 [] - sumA -"},
        {"no record", "refuse 1 1 d1", "lost", "none"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* Sent by token 1, which then went to a retry topic; its time is over. */
#define LEFT "set lease=0 window=0;" OPEN "defer d1 1;set lease=60000;"

static void test_absent(void **state)
{
    static const struct row rows[] = {
        {"asked before the send's time was over", OPEN "absent 1", "wait +",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"asked after it: our own sends are answered", LATE "absent 1", "absent 0 0",
         "s A1+ d1 [] reqA sumA -"},
        {"... all of ours", LATE "sent 1 2 A;absent 1", "absent 0 0", "s A1+ d1 [] reqA sumA -"},
        {"one of two is not past its time", LATE "set window=60000;sent 1 2 A;absent 1", "wait +",
         "s A1+ d1 [A#1@10 A#2@1+] reqA sumA -"},
        {"an earlier holder's stay on record", HEIR "claim A 2 d2;absent 2", "absent 1 0",
         "s A2+ d1 [A#1@10] reqA sumA -"},
        {"... ours beside them do not", HEIR "set window=0;claim A 2 d2;sent 2 2 A;absent 2",
         "absent 1 0", "s A2+ d1 [A#1@10] reqA sumA -"},
        {"... and prove what a resend then finds",
         HEIR "claim A 2 d2;absent 2;sent 2 2 A;finish found 2 A d2 mine", "finished +",
         "p A-0 d2 [] - sumA -"},
        {"an earlier holder's of which it said that it has ended does not",
         LEFT "claim A 2 d1;absent 2", "absent 0 0", "s A2+ d1 [] reqA sumA - | d1"},
        {"... but only once its time is over",
         "set lease=0;" OPEN "defer d1 1;set lease=60000;claim A 2 d1;absent 2", "wait +",
         "s A2+ d1 [A#1@o+] reqA sumA - | d1"},
        {"... so that a refusal of the resend is clean",
         LEFT "claim A 2 d1;absent 2;sent 2 2 A;refuse 2 2 d1", "refused",
         "r A20 d1 [] - - prima_refused"},
        {"... and nobody else says it for the holder", HEIR "defer d2 2;claim A 2 d2;absent 2",
         "absent 1 0", "s A2+ d1 [A#1@10] reqA sumA - | d2"},
        {"the lease is renewed for the resend",
         "set lease=0 window=0;" OPEN "set lease=60000;absent 1", "absent 0 0",
         "s A1+ d1 [] reqA sumA -"},
        {"nothing was sent", CLAIMED "absent 1", "lost", "c A1+ d1 [] - - -"},
        {"somebody else holds it", LATE "absent 2", "lost", "s A1+ d1 [A#1@10] reqA sumA -"},
        {"the resend takes the stored request", LATE "absent 1;sent 1 2 B", "sent 2",
         "s A1+ d1 [A#2@10] reqA sumA -"},
        {"begun anew: the next send brings its own request", LATE "absent 1 anew;sent 1 2 B",
         "sent 2", "s B1+ d1 [B#2@10] reqB sumB -"},
        {"... and the one after that keeps it", LATE "absent 1 anew;sent 1 2 B;sent 1 3 C",
         "sent 3", "s B1+ d1 [B#2@10 B#3@10] reqB sumB -"},
        {"begun anew, and nothing else is open: as if nothing had been sent", LATE "absent 1 anew",
         "absent 0 0", "c A1+ d1 [] - - -"},
        {"... by a version that has nothing left, which older ones end behind",
         LATE "absent 1 anew;empties 1 d1 v=9;claim B 2 d2 v=8", "superseded d1",
         "c A-0 d1 [] - - nothing_left"},
        {"... so that it can be taken back", LATE "absent 1 anew;cancel 1 d1", "cancelled",
         "x A10 d1 [] - - -"},
        {"begun anew, while an earlier holder may send: not yet",
         HEIR "claim B 2 d2;absent 2 anew;cancel 2 d2", "lost", "s A2+ d1 [A#1@10] reqA sumA anew"},
        {"an earlier holder's, whose process is over", HEIR "claim A 2 d2;absent 2 over=p",
         "absent 0 0", "s A2+ d1 [] reqA sumA -"},
        {"... so that a refusal of the resend is clean",
         HEIR "claim A 2 d2;absent 2 over=p;sent 2 2 A;refuse 2 2 d2", "refused",
         "r A20 d2 [] - - prima_refused"},
        {"... another process's is not", HEIR "claim A 2 d2;absent 2 over=q", "absent 1 0",
         "s A2+ d1 [A#1@10] reqA sumA -"},
        {"... nor one whose name merely begins so",
         "set sender=pq;" HEIR "claim A 2 d2;absent 2 over=p", "absent 1 0",
         "s A2+ d1 [A#1@10] reqA sumA -"},
        {"... nor that of another life of its slot",
         "set epoch=6;" HEIR "claim A 2 d2;absent 2 over=p", "absent 1 0",
         "s A2+ d1 [A#1@10] reqA sumA -"},
        {"... nor before its time",
         "set lease=0;" OPEN "set lease=60000;claim A 2 d2;absent 2 over=p", "wait +",
         "s A2+ d1 [A#1@1+] reqA sumA -"},
        {"... nor one from before Redis was lost",
         LATE "set window=0 newmarker=n marker=n;claim A 2 d2;absent 2 over=p", "absent 1 0",
         "s A2+ d1 [?#0@-0] reqA sumA -"},
        {"... unless all are over who sent then",
         LATE "set window=0 newmarker=n marker=n;claim A 2 d2;absent 2 over=p*", "absent 0 0",
         "s A2+ d1 [] reqA sumA -"},
        {"... and it can be taken back",
         LATE "set window=0 newmarker=n marker=n;claim A 2 d2;absent 2 anew over=p*;cancel 2 d2",
         "cancelled", "x A20 d2 [] - - -"},
        {"who lost the key says that its transfer has ended, and Prima was asked before that",
         HEIR "claim A 2 d2;over 1;absent 2", "wait 1", "s A2+ d1 [A#1@o0] reqA sumA -"},
        {"... and behind it", HEIR "claim A 2 d2;over 1;renew 2;absent 2", "absent 0 0",
         "s A2+ d1 [] reqA sumA -"},
        {"... by whoever takes over",
         HEIR "set lease=0;claim A 2 d2;over 1;set lease=60000;claim A 3 d3;absent 3", "absent 0 0",
         "s A3+ d1 [] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_over(void **state)
{
    static const struct row rows[] = {
        {"our own", OPEN "over 1", "over", "s A1+ d1 [A#1@o+] reqA sumA -"},
        {"... when another has the key by now, who stays its holder", HEIR "claim B 2 d2;over 1",
         "over", "s A2+ d1 [A#1@o0] reqA sumA -"},
        {"... whatever became of our slot and of our generation",
         HEIR "claim B 2 d2;set newepoch=9 fence=4;over 1", "over",
         "s A2+ d1 [A#1@o0] reqA sumA -"},
        {"not another's", OPEN "over 2", "over", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"nothing is open", CLAIMED "over 1", "over", "c A1+ d1 [] - - -"},
        {"posted since -", OPEN "finish ok 1 A d1 mine;over 1", "over", "p A-0 d1 [] - sumA -"},
        {"no record", "over 1", "over", "none"},
        {"not in another Redis", OPEN "set newmarker=n;over 1", "suspect",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* An answer in words that prove nothing: perhaps those for somebody else's document of this
 * number. */
static void test_told_no(void **state)
{
    static const struct row rows[] = {
        {"it stays unanswered, and proves nothing", OPEN "no 1 1", "sent + 0",
         "s A1+ d1 [A#1@1+!] reqA sumA -"},
        {"... when the number is found", OPEN "no 1 1;finish found 1 A d1 mine", "unproven",
         "s A1+ d1 [A#1@1+!] reqA sumA -"},
        {"... by whoever takes over", HEIR "no 1 1;claim A 2 d2;finish found 2 A d2 mine",
         "unproven", "s A2+ d1 [A#1@10!] reqA sumA -"},
        {"beside one that got no answer it may be ours",
         OPEN "sent 1 2 A;no 1 1;finish found 1 A d1 mine", "finished +", "p A-0 d1 [] - sumA -"},
        {"\"exists\" after it is somebody else's", LATE "no 1 1;absent 1;sent 1 2 A;exists 1 2 d1",
         "parked", "k -10 d1 [] reqA sumA exists_unproven"},
        {"an absence answers it as any other", LATE "no 1 1;absent 1", "absent 0 0",
         "s A1+ d1 [] reqA sumA -"},
        {"a definite OK to another send is a fact", OPEN "no 1 1;sent 1 2 A;finish ok 1 A d1 mine",
         "finished +", "p A-0 d1 [] - sumA -"},
        {"somebody else holds it", OPEN "no 2 1", "lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_park_renew_release_cancel(void **state)
{
    static const struct row rows[] = {
        {"parked: all that is known stays", OPEN "park 1 d1", "parked",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"... by the heir, for its own delivery", HEIR "claim A 2 d2;park 2 d2", "parked",
         "k A20 d2 [A#1@10] reqA sumA outcome_unknown"},
        {"... when what exists is nobody's of ours", OPEN "park 1 d1 unknown", "parked",
         "k -10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"... before anything was sent", CLAIMED "park 1 d1", "parked",
         "k A10 d1 [] - - outcome_unknown"},
        {"... by somebody else", OPEN "park 2 d2", "lost", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... once it is posted", OPEN "finish ok 1 A d1 mine;park 1 d1", "lost",
         "p A-0 d1 [] - sumA -"},
        {"... once it is refused", CLAIMED "refuse 1 0 d1;park 1 d1", "lost",
         "r A10 d1 [] - - prima_refused"},
        {"... no record", "park 1 d1", "lost", "none"},
        {"renewed", "set lease=0;" CLAIMED "set lease=60000;renew 1", "renewed 0 -",
         "c A1+ d1 [] - - -"},
        {"renewed while sent", "set lease=0;" OPEN "set lease=60000;renew 1", "renewed + -",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"renewed by somebody else", CLAIMED "renew 2", "lost", "c A1+ d1 [] - - -"},
        {"renewed when parked", OPEN "park 1 d1;renew 1", "lost",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"renewed, no record", "renew 1", "lost", "none"},
        {"a claim is given back", CLAIMED "release 1", "released", "none"},
        {"... somebody else's is not", CLAIMED "release 2", "released", "c A1+ d1 [] - - -"},
        {"... nor once bytes may have left", OPEN "release 1", "released",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"taken back before it was posted", CLAIMED "cancel 1 d1", "cancelled",
         "x A10 d1 [] - - -"},
        {"... not once bytes may have left", OPEN "cancel 1 d1", "lost",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"... not by somebody else", CLAIMED "cancel 2 d2", "lost", "c A1+ d1 [] - - -"},
        {"... no record", "cancel 1 d1", "lost", "none"},
        {"nothing is left of it", CLAIMED "empties 1 d1 v=7", "cancelled",
         "c A-0 d1 [] - - nothing_left"},
        {"... not by somebody else", CLAIMED "empties 2 d2 v=7", "lost", "c A1+ d1 [] - - -"},
        {"... not once bytes may have left", OPEN "empties 1 d1 v=7", "lost",
         "s A1+ d1 [A#1@1+] reqA sumA -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

static void test_restore(void **state)
{
    static const struct row rows[] = {
        {"posted, from nothing", "restore p A d1", "restored", "p A-0 d1 [] - - -"},
        {"posted overrides what was rolled back to claimed -", CLAIMED "restore p A d1", "restored",
         "p A-0 d1 [] - - -"},
        {"... to sent", OPEN "restore p A d1", "restored", "p A-0 d1 [] - - -"},
        {"... to parked", OPEN "park 1 d1;restore p A d1", "restored", "p A-0 d1 [] - - -"},
        {"... to refused", CLAIMED "refuse 1 0 d1;restore p B d2", "restored", "p B-0 d2 [] - - -"},
        {"... to cancelled", CLAIMED "cancel 1 d1;restore p A d1", "restored", "p A-0 d1 [] - - -"},
        {"posted is never overridden, its summary stays -",
         OPEN "finish ok 1 A d1 mine;restore p B d2", "kept", "p A-0 d1 [] - sumA -"},
        {"... but a committed result says who published it",
         OPEN "finish ok 1 A d9 other;restore p A d2", "restored", "p A-0 d2 [] - sumA -"},
        {"... so that nobody else does", OPEN "finish ok 1 A d9 other;restore p A d2;claim A 3 d3",
         "posted same d2 sumA 7 + -", "p A-0 d2 [] - sumA -"},
        {"... by parked", OPEN "finish ok 1 A d1 mine;restore k A d1", "kept",
         "p A-0 d1 [] - sumA -"},
        {"... by cancelled", OPEN "finish ok 1 A d1 mine;restore x A d1", "kept",
         "p A-0 d1 [] - sumA -"},
        {"parked, from nothing: what is found later proves nothing", "restore k A d1", "restored",
         "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"parked overrides sent", OPEN "restore k A d1", "restored",
         "k A-0 d1 [?#0@-0] - - outcome_unknown"},
        {"parked keeps parked, with what is known of it", OPEN "park 1 d1;restore k A d1", "kept",
         "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"parked does not bring back what was taken back", CLAIMED "cancel 1 d1;restore k A d1",
         "kept", "x A10 d1 [] - - -"},
        {"cancelled, from nothing", "restore x A d1", "restored", "x A-0 d1 [] - - -"},
        {"cancelled overrides claimed", CLAIMED "restore x A d1", "restored", "x A-0 d1 [] - - -"},
        {"nothing left, from nothing", "restore w A d1 v=7", "restored",
         "c A-0 d1 [] - - nothing_left"},
        {"... older ones are superseded by it", "restore w A d1 v=7;claim B 2 d2 v=6",
         "superseded d1", "c A-0 d1 [] - - nothing_left"},
        {"... and by none that had nothing left before it", "restore w B d2 v=8;restore w A d1 v=7",
         "kept", "c B-0 d2 [] - - nothing_left"},
        {"nothing left says nothing of whoever works on it", CLAIMED "restore w A d1 v=7", "kept",
         "c A1+ d1 [] - - -"},
        {"... nor of what is posted", OPEN "finish ok 1 A d1 mine;restore w A d1 v=9", "kept",
         "p A-0 d1 [] - sumA -"},
        {"... nor of what was taken back for good", "restore x A d1;restore w B d2 v=9", "kept",
         "x A-0 d1 [] - - -"},
        {"by an older generation: the newer fence stays",
         "set fence=9;" CLAIMED "set fence=5;restore p A d1;claim A 2 d2", "stale 9",
         "p A-0 d1 [] - - -"},
    };
    (void)state;
    rows_run(rows, sizeof rows / sizeof *rows);
}

/* Every write keeps the key for its whole time; nothing stays for ever. */
static void test_every_write_renews_the_ttl(void **state)
{
    static const struct row rows[] = {
        {"claimed", CLAIMED, "claimed", "c A1+ d1 [] - - -"},
        {"sent", OPEN, "sent 1", "s A1+ d1 [A#1@1+] reqA sumA -"},
        {"posted", OPEN "finish ok 1 A d1 mine", "finished +", "p A-0 d1 [] - sumA -"},
        {"refused", CLAIMED "refuse 1 0 d1", "refused", "r A10 d1 [] - - prima_refused"},
        {"parked", OPEN "park 1 d1", "parked", "k A10 d1 [A#1@1+] reqA sumA outcome_unknown"},
        {"restored", "restore p A d1", "restored", "p A-0 d1 [] - - -"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[100], text[400];
        row_run(&rows[i]);
        (void)row_key(name, sizeof name);
        const long ms = strtol(REDIS_ASK(text, "PTTL", name), NULL, 10);
        if (ms < 590000 || ms > 600000)
            fail_msg("%s: kept for %ld ms, not for ten minutes", rows[i].name, ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sent),
        cmocka_unit_test(test_answered),
        cmocka_unit_test(test_exists),
        cmocka_unit_test(test_finish),
        cmocka_unit_test(test_refuse),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_over),
        cmocka_unit_test(test_told_no),
        cmocka_unit_test(test_park_renew_release_cancel),
        cmocka_unit_test(test_restore),
        cmocka_unit_test(test_every_write_renews_the_ttl),
    };
    return cmocka_run_group_tests_name("sends and ends in Redis", tests, world_set_up,
                                       world_tear_down);
}
