#include "admin/judge/document_file.h"

#include "admin/command.h"
#include "admin/input.h"
#include "base/base64.h"

static bool
is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static bool
is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

static bool
is_text(struct nitro_bytes in)
{
	for (size_t i = 0; i < in.len; i++)
		if ((in.ptr[i] < ' ' || in.ptr[i] > '~') &&
		    !is_blank(in.ptr[i]) && !is_line_end(in.ptr[i]))
			return false;
	return true;
}

static struct nitro_bytes
without_surrounding_blanks(struct nitro_bytes line)
{
	size_t begin = 0, end = line.len;

	while (end > 0 && is_blank(line.ptr[end - 1]))
		end--;
	while (begin < end && is_blank(line.ptr[begin]))
		begin++;
	return nitro_bytes_slice(line, begin, end - begin);
}

/* Append the text without its line ends and the blanks beside them. */
static nitro_err
join_lines(struct nitro_bytes text, struct nitro_buf *out)
{
	struct nitro_bytes line;
	nitro_err err;
	size_t n;

	while (text.len > 0) {
		for (n = 0; n < text.len && !is_line_end(text.ptr[n]); n++)
			;
		line = nitro_bytes_slice(text, 0, n);
		text = nitro_bytes_slice(text, n + 1, text.len);
		line = without_surrounding_blanks(line);
		if ((err = nitro_buf_append(out, line)) != NITRO_OK)
			return err;
	}
	return NITRO_OK;
}

nitro_err
nitro_document_file_decode(
    struct nitro_bytes in, struct nitro_document_file *file)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf text = {0};
	nitro_err err;

	file->file_len = in.len;
	file->err = NITRO_E_EVIDENCE_SIZE;
	if (in.len < 1 || in.len > NITRO_DOCUMENT_FILE_MAX)
		return NITRO_OK;
	file->is_base64 = is_text(in);
	if (!file->is_base64) {
		file->err = NITRO_OK;
		return nitro_buf_append(&file->evidence, in);
	}
	if ((err = join_lines(in, &text)) != NITRO_OK)
		return err;
	err = nitro_base64_decode(nitro_bytes_of_buf(&text), &file->evidence);
	if (err == NITRO_E_MEMORY)
		return err;
	file->err = err;
	if (err == NITRO_OK && file->evidence.len == 0)
		file->err = NITRO_E_EVIDENCE_SIZE;
	return NITRO_OK;
}

nitro_err
nitro_document_file_read(const char *path, struct nitro_document_file *file,
    struct nitro_fault *fault)
{
	NITRO_DROP(nitro_buf_drop) struct nitro_buf raw = {0};
	nitro_err err;

	*file = (struct nitro_document_file){0};
	err = nitro_input_read(path, NITRO_DOCUMENT_FILE_MAX, &raw, fault);
	if (err != NITRO_OK)
		return err;
	err = nitro_document_file_decode(nitro_bytes_of_buf(&raw), file);
	if (err != NITRO_OK)
		return nitro_fault_set(
		    fault, err, path, 0, "%s", nitro_err_sentence(err));
	return NITRO_OK;
}

void
nitro_document_file_complain(const struct nitro_fault *fault)
{
	nitro_complain("%s: %s", fault->file, fault->text);
	nitro_complain("what to do: name a file with one attestation document, "
		       "raw or in base64, or - for standard input");
}

void
nitro_document_file_drop(struct nitro_document_file *file)
{
	nitro_buf_drop(&file->evidence);
	*file = (struct nitro_document_file){0};
}
