/* The signatures of log_signatures.def as tables, and the checks that their families are. */
#include "diagnose/log_patterns.h"

#include "checks/check.h"
#include "diagnose/log_scan.h"

#define PEER_NONE false
#define PEER_HOST true

#define SIGNATURE(ID, CHECK, WEIGHT, PEER, TITLE, PATTERNS, SENTENCE, EXPLAIN, FIX) FAMILY_##ID,
#define VARIANT(ID, FAMILY, WEIGHT, PEER, PATTERNS, SENTENCE, FIX)
enum family {
#include "diagnose/log_signatures.def"
};
#undef SIGNATURE
#undef VARIANT

#define SIGNATURE(ID, CHECK, WEIGHT, PEER, TITLE, PATTERNS, SENTENCE, EXPLAIN, FIX) {FAMILY_##ID, PEER, WEIGHT, PATTERNS, SENTENCE, NULL},
#define VARIANT(ID, FAMILY, WEIGHT, PEER, PATTERNS, SENTENCE, FIX) {FAMILY_##FAMILY, PEER, WEIGHT, PATTERNS, SENTENCE, FIX},
static const struct signature {
	enum family family;
	bool peer;
	int weight;
	const char *patterns, *sentence, *fix;
} signatures[] = {
#include "diagnose/log_signatures.def"
};
#undef SIGNATURE
#undef VARIANT

#define SIGNATURE(ID, CHECK, WEIGHT, PEER, TITLE, PATTERNS, SENTENCE, EXPLAIN, FIX)                                                                  \
	{.id = CHECK,                                                                                                                                \
	 .kind = KIND_POD,                                                                                                                           \
	 .severity = FAMILY_##ID == FAMILY_ERROR ? SEVERITY_WARNING : SEVERITY_ERROR,                                                                \
	 .title = TITLE,                                                                                                                             \
	 .explain = EXPLAIN,                                                                                                                         \
	 .fix = FIX,                                                                                                                                 \
	 .peers = "k8sgpt Log"},
#define VARIANT(ID, FAMILY, WEIGHT, PEER, PATTERNS, SENTENCE, FIX)
const struct check log_checks[] = {
#include "diagnose/log_signatures.def"
};
#undef SIGNATURE
#undef VARIANT

#define SIGNATURE(ID, CHECK, WEIGHT, PEER, TITLE, PATTERNS, SENTENCE, EXPLAIN, FIX) SENTENCE,
#define VARIANT(ID, FAMILY, WEIGHT, PEER, PATTERNS, SENTENCE, FIX)
static const char *const sentences[] = {
#include "diagnose/log_signatures.def"
};
#undef SIGNATURE
#undef VARIANT

const size_t log_check_count = ARRAY_LEN(log_checks);

size_t log_signature_count(void)
{
	return ARRAY_LEN(signatures);
}

const struct check *log_signature_check(int signature)
{
	return &log_checks[signatures[signature].family];
}

const char *log_signature_patterns(int signature)
{
	return signatures[signature].patterns;
}

const char *log_signature_sentence(int signature)
{
	const struct signature *s = &signatures[signature];

	return s->sentence ? s->sentence : sentences[s->family];
}

const char *log_signature_fix(int signature)
{
	return signatures[signature].fix;
}

int log_signature_weight(int signature)
{
	return signatures[signature].weight;
}

bool log_signature_names_peer(int signature)
{
	return signatures[signature].peer;
}

bool log_signature_is_generic(int signature)
{
	return signature == log_signature_generic();
}

int log_signature_generic(void)
{
	return (int)ARRAY_LEN(signatures) - 1;
}
