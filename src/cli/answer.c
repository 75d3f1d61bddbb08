#include "cli/answer.h"
#include "base/utf8.h"

struct jamie *answer_jamie(const struct session *s)
{
	const char *name = options_str(&s->cli->options, OPTION_CHAT_NAME);
	struct jamie_options o;

	jamie_options_init(&o);
	session_diagnose_options(s, &o.diagnose);
	o.ns = session_namespace(s->cli);
	o.user = *name ? name : NULL;
	return jamie_new(s->cluster, &o);
}

static void list(struct term *t, const char *title, const char *const *items, uint32_t count)
{
	if (!count)
		return;
	term_addf(t, "\n");
	term_add(t, STYLE_DIM, title);
	term_addf(t, "\n");
	for (uint32_t i = 0; i < count; i++)
		term_wrap(t, 2, STYLE_DIM, "-", 2, STYLE_NONE, items[i]);
}

static void text_lines(struct term *t, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		char *line = mem_alloc(n + 1);

		memcpy(line, text, n);
		/* A list line's continuation stands under its text. */
		if (strncmp(line, "- ", 2) == 0)
			term_wrap(t, 0, STYLE_NONE, "- ", 2, STYLE_NONE, line + 2);
		else
			term_wrap(t, 0, STYLE_NONE, "", 0, STYLE_NONE, line);
		mem_free(line);
		text += n + (text[n] == '\n');
	}
}

void answer_text(struct term *t, struct arena *a, const struct answer *answer, usec_t now)
{
	text_lines(t, answer->text);
	if (answer->block && *answer->block) {
		term_addf(t, "\n");
		utf8_add_printable(&t->buf, answer->block, strlen(answer->block), true);
		if (answer->block[strlen(answer->block) - 1] != '\n')
			term_addf(t, "\n");
	}
	if (answer->evidence_count)
		term_addf(t, "\n");
	for (uint32_t i = 0; i < answer->evidence_count; i++) {
		const struct answer_evidence *e = &answer->evidence[i];
		const char *id = arena_printf(a, "[%u]", e->id);

		term_wrap(t, 0, STYLE_CYAN, id, (unsigned)MAX(strlen(id) + 1, 5), STYLE_DIM, report_evidence(a, &e->fact, now, true));
	}
	/* The text often names them already. */
	if (answer->option_count && !strstr(answer->text, answer->options[0]))
		list(t, answer->kind == ANSWER_UNKNOWN_NAME ? "Did you mean:" : "Which one:", answer->options, answer->option_count);
	list(t, "You could ask next:", answer->followups, answer->followup_count);
}

static void strings_json(struct json_writer *w, const char *key, const char *const *items, uint32_t count)
{
	json_key(w, key);
	json_array_begin(w);
	for (uint32_t i = 0; i < count; i++)
		json_string(w, items[i]);
	json_array_end(w);
}

static void entities_json(struct json_writer *w, const struct answer *answer)
{
	json_key(w, "entities");
	json_array_begin(w);
	for (uint32_t i = 0; i < answer->entity_count; i++) {
		json_object_begin(w);
		json_key(w, "type");
		json_string(w, answer->entities[i].type);
		json_key(w, "words");
		json_string(w, answer->entities[i].words);
		json_key(w, "value");
		json_string(w, answer->entities[i].value);
		json_object_end(w);
	}
	json_array_end(w);
}

void answer_json(struct term *t, struct arena *a, struct cluster *c, const char *question, const struct answer *answer)
{
	struct json_writer w;

	json_writer_init(&w, &t->buf, 2);
	json_object_begin(&w);
	json_key(&w, "format");
	json_string(&w, "auto-devops/answer/v1");
	report_cluster_json(&w, c);
	json_key(&w, "question");
	json_string(&w, question);
	json_key(&w, "kind");
	json_string(&w, answer_kind_text(answer->kind));
	json_key(&w, "intent");
	json_string(&w, answer->intent);
	json_key(&w, "text");
	json_string(&w, answer->text);
	json_key(&w, "block");
	json_string(&w, answer->block);
	json_key(&w, "evidence");
	json_array_begin(&w);
	for (uint32_t i = 0; i < answer->evidence_count; i++) {
		json_object_begin(&w);
		json_key(&w, "id");
		json_int(&w, answer->evidence[i].id);
		json_key(&w, "where");
		json_string(&w, answer->evidence[i].where);
		json_key(&w, "fact");
		report_evidence_json(&w, a, &answer->evidence[i].fact);
		json_object_end(&w);
	}
	json_array_end(&w);
	entities_json(&w, answer);
	strings_json(&w, "options", answer->options, answer->option_count);
	strings_json(&w, "followups", answer->followups, answer->followup_count);
	json_key(&w, "causes");
	json_array_begin(&w);
	for (uint32_t i = 0; i < answer->cause_count; i++)
		report_cause_json(&w, a, answer->causes[i], i + 1);
	json_array_end(&w);
	json_object_end(&w);
	term_addf(t, "\n");
}
