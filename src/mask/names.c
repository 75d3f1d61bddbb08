/* Which names promise a secret: PASSWORD, db.password, apiKey, clientSecret; not secretName, TOKEN_FILE, imagePullSecrets. */
#include "mask/mask_internal.h"

#define WORDS_MAX 12
#define NAME_SEEN 96 /* the end of a longer name decides */

struct words {
	char text[NAME_SEEN + WORDS_MAX + 1];
	const char *items[WORDS_MAX];
	unsigned len;
};

/* Splits at anything but letters and digits and where small letters turn to capitals; small letters. The last WORDS_MAX count. */
static void split_words(const char *name, size_t len, struct words *w)
{
	char *out = w->text;
	bool open = false;

	if (len > NAME_SEEN) {
		name += len - NAME_SEEN;
		len = NAME_SEEN;
	}
	w->len = 0;
	for (size_t i = 0; i < len; i++) {
		char c = name[i];
		bool letter = char_is(c, CHAR_UPPER | CHAR_LOWER | CHAR_DIGIT);
		bool hump = open && char_is(c, CHAR_UPPER) && char_is(name[i - 1], CHAR_LOWER | CHAR_DIGIT);

		if (open && (!letter || hump)) {
			*out++ = '\0';
			open = false;
		}
		if (!letter)
			continue;
		if (!open) {
			if (w->len == WORDS_MAX) {
				memmove(w->items, w->items + 1, sizeof(w->items) - sizeof(*w->items));
				w->len--;
				if (out >= w->text + sizeof(w->text) - 2)
					return;
			}
			w->items[w->len++] = out;
			open = true;
		}
		*out++ = char_is(c, CHAR_UPPER) ? (char)(c | 0x20) : c;
		if (out >= w->text + sizeof(w->text) - 1)
			break;
	}
	*out = '\0';
}

static bool in_list(const char *word, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (str_eq(word, list[i]))
			return true;
	return false;
}
#define IN(word, list) in_list((word), (list), ARRAY_LEN(list))

/* Before "key": whose keys are secrets. "secret key" may also name a key of a Secret: then only a random value tells. */
static const char *const key_owners[] = {"api",     "access", "private", "encryption", "signing", "master", "client", "license",
					 "account", "shared", "ssh",     "storage",    "hmac",    "jwt",    "app"};

static enum mask_name classify_word(const struct words *w, unsigned i)
{
	static const char *const strong[] = {"pwd",        "passphrase", "passcode",         "secret",        "secrets",     "token",
					     "tokens",     "credential", "credentials",      "apikey",        "accesskey",   "secretkey",
					     "privatekey", "authkey",    "connectionstring", "authorization", "requirepass", "masterauth"};
	static const char *const passes[] = {"bypass", "compass", "trespass", "underpass", "overpass"};
	static const char *const weak[] = {"key",   "keys",  "auth",   "cookie", "session",   "sessionid",  "salt",         "signature",
					   "sig",   "otp",   "seed",   "jwt",    "dsn",       "cert",       "pat",          "hash",
					   "creds", "login", "appkey", "sshkey", "masterkey", "signingkey", "encryptionkey"};
	const char *word = w->items[i];
	bool last = i + 1 == w->len;

	if (IN(word, strong) || strstr(word, "password") || strstr(word, "passwd") || str_ends(word, "token") || str_ends(word, "secret"))
		return MASK_NAME_STRONG;
	if (last && (str_eq(word, "pw") || (str_ends(word, "pass") && !IN(word, passes))))
		return MASK_NAME_STRONG;
	if (last && str_eq(word, "auth") && i > 0 && (str_eq(w->items[i - 1], "rediscli") || str_eq(w->items[i - 1], "redis")))
		return MASK_NAME_STRONG;
	if (str_eq(word, "key") && i > 0 && IN(w->items[i - 1], key_owners))
		return MASK_NAME_STRONG;
	if (str_eq(word, "string") && i > 0 && str_eq(w->items[i - 1], "connection"))
		return MASK_NAME_STRONG;
	return IN(word, weak) ? MASK_NAME_WEAK : MASK_NAME_PLAIN;
}

/* Words that make the name one of something about a secret, not of the secret. */
static bool says_otherwise(const struct words *w, unsigned secret)
{
	static const char *const after[] = {"name",     "names",      "namespace", "file",       "files",    "path",   "paths",    "dir",
					    "ref",      "refs",       "url",       "uri",        "host",     "port",   "ttl",      "expiry",
					    "expires",  "expiration", "timeout",   "seconds",    "minutes",  "hours",  "days",     "length",
					    "len",      "min",        "max",       "size",       "count",    "limit",  "enabled",  "disabled",
					    "required", "policy",     "type",      "issuer",     "audience", "header", "prefix",   "suffix",
					    "version",  "algorithm",  "alg",       "format",     "mode",     "mount",  "endpoint", "provider",
					    "class",    "store",      "rotation",  "interval",   "usage",    "id",     "selector", "from",
					    "resource", "reference",  "checksum",  "projection", "template", "volume", "age",      "status"};
	static const char *const before[] = {"existing", "checksum", "inject",  "image", "pull", "automount", "create", "use",
					     "with",     "enable",   "disable", "no",    "num",  "max",       "min",    "service"};

	for (unsigned i = secret + 1; i < w->len; i++)
		if (IN(w->items[i], after))
			return true;
	return secret > 0 && IN(w->items[secret - 1], before);
}

enum mask_name mask_classify_name(const char *name, size_t len)
{
	enum mask_name found = MASK_NAME_PLAIN;
	struct words w = {.len = 0};

	split_words(name, len, &w);
	for (unsigned i = 0; i < w.len; i++) {
		enum mask_name class = classify_word(&w, i);

		if (class > found && !says_otherwise(&w, i))
			found = class;
	}
	/* "secretKey: password" names a key of a Secret as often as it holds a key; fields of Kubernetes objects are written like that. */
	if (found == MASK_NAME_STRONG && w.len >= 2 && !memchr(name, '_', len) && !memchr(name, '-', len) && !memchr(name, '.', len) &&
	    str_eq(w.items[w.len - 1], "key") && !IN(w.items[w.len - 2], key_owners))
		found = MASK_NAME_WEAK;
	return found;
}

bool mask_flag_takes_secret(const char *line, size_t line_len, const char *flag, size_t flag_len, bool joined)
{
	static const struct {
		const char *program, *flag;
		bool joined;
	} known[] = {{"redis-cli", "-a", false}, {"sshpass", "-p", false}, {"sshpass", "-p", true}, {"mysql", "-p", true}, {"mariadb", "-p", true}};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (joined == known[i].joined && flag_len == 2 && memcmp(flag, known[i].flag, 2) == 0 &&
		    memmem(line, line_len, known[i].program, strlen(known[i].program)))
			return true;
	return false;
}
