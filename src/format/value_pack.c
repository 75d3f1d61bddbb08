/* A tree in one block of memory: for trees that live and die one by one. */
#include "format/value.h"

/* Arrays of values and members come first, aligned; texts behind them. */
static void measure(const struct value *v, size_t *arrays, size_t *texts)
{
	switch ((enum value_type)v->type) {
	case VALUE_STRING:
		*texts += (size_t)v->len + 1;
		break;
	case VALUE_LIST:
		*arrays += sizeof(*v->items) * v->len;
		for (uint32_t i = 0; i < v->len; i++)
			measure(&v->items[i], arrays, texts);
		break;
	case VALUE_MAP:
		*arrays += sizeof(*v->members) * v->len;
		for (uint32_t i = 0; i < v->len; i++) {
			*texts += (size_t)v->members[i].v.key_len + 1;
			measure(&v->members[i].v, arrays, texts);
		}
		break;
	default:
		break;
	}
}

static void *take(char **at, const void *from, size_t size)
{
	void *p = *at;

	if (size)
		memcpy(p, from, size);
	*at += size;
	return p;
}

static const char *take_text(char **at, const char *s, size_t len)
{
	char *p = take(at, s, len);

	p[len] = 0;
	++*at;
	return p;
}

static void fill(struct value *v, char **arrays, char **texts)
{
	v->flags &= VALUE_CUT;
	switch ((enum value_type)v->type) {
	case VALUE_STRING:
		v->s = take_text(texts, v->s, v->len);
		break;
	case VALUE_LIST:
		v->items = take(arrays, v->items, sizeof(*v->items) * v->len);
		for (uint32_t i = 0; i < v->len; i++)
			fill(&v->items[i], arrays, texts);
		break;
	case VALUE_MAP:
		v->members = take(arrays, v->members, sizeof(*v->members) * v->len);
		for (uint32_t i = 0; i < v->len; i++) {
			v->members[i].key = take_text(texts, v->members[i].key, v->members[i].v.key_len);
			fill(&v->members[i].v, arrays, texts);
		}
		break;
	default:
		break;
	}
}

struct value *value_pack(const struct value *v, size_t *ret_size)
{
	size_t arrays = sizeof(*v), texts = 0;
	char *block, *at, *text;

	measure(v, &arrays, &texts);
	block = mem_realloc(NULL, arrays + texts);
	at = block;
	text = block + arrays;
	take(&at, v, sizeof(*v));
	fill((struct value *)(void *)block, &at, &text);
	if (ret_size)
		*ret_size = arrays + texts;
	return (struct value *)(void *)block;
}
