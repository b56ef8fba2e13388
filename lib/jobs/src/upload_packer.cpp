#include "winnow/jobs/upload_packer.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <exception>
#include <string>
#include <utility>

#include "upload_name.hpp"
#include "utf8_locale.hpp"
#include "winnow/core/error.hpp"
#include "winnow/core/text.hpp"

namespace winnow::jobs {
namespace {

struct CloseArchive {
  void operator()(archive* writer) const { archive_write_free(writer); }
};
struct FreeEntry {
  void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

}  // namespace

struct UploadPacker::State {
  // libarchive is C: what the callback throws waits until it has returned. Then the archive stays broken.
  void check(la_ssize_t status) {
    if (broken) std::rethrow_exception(broken);
    if (status >= ARCHIVE_OK || status == ARCHIVE_WARN) return;
    const char* const text = archive_error_string(writer.get());
    throw Error(ErrorKind::kIo, "",
                std::string("the upload cannot be packed: ") + (text == nullptr ? "" : text));
  }

  std::function<void(ByteSpan)> write;
  std::exception_ptr broken;
  bool given_up = false;
  std::unique_ptr<archive, CloseArchive> writer;
};

UploadPacker::UploadPacker(std::function<void(ByteSpan)> write) : state_(std::make_unique<State>()) {
  const Utf8Locale utf8;
  state_->write = std::move(write);
  state_->writer.reset(archive_write_new());
  archive* const writer = state_->writer.get();
  if (writer == nullptr) throw std::bad_alloc();
  state_->check(archive_write_set_format_pax_restricted(writer));
  state_->check(archive_write_set_bytes_per_block(writer, 0));  // what is written goes on at once
  const auto pass_on = [](archive*, void* data, const void* bytes, std::size_t size) -> la_ssize_t {
    auto& state = *static_cast<State*>(data);
    try {
      if (!state.broken && !state.given_up) state.write({static_cast<const std::uint8_t*>(bytes), size});
    } catch (...) {
      state.broken = std::current_exception();
    }
    // Never a failure: after one libarchive does not free what it has for its output.
    return static_cast<la_ssize_t>(size);
  };
  state_->check(archive_write_open(writer, state_.get(), nullptr, pass_on, nullptr));
}

// Closing writes an end, which an archive that is given up must not have.
UploadPacker::~UploadPacker() {
  state_->given_up = true;
}

void UploadPacker::add(std::string_view name, ByteSpan bytes) {
  const Utf8Locale utf8;
  const std::unique_ptr<archive_entry, FreeEntry> entry(archive_entry_new());
  if (entry == nullptr) throw std::bad_alloc();
  std::string kept = safe_file_name(shown_name(name));
  if (leads_outside(kept)) kept.insert(0, "_");  // "c:cat.jpg": the reader takes it for a drive
  archive_entry_set_pathname(entry.get(), kept.c_str());
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
  state_->check(archive_write_header(state_->writer.get(), entry.get()));
  state_->check(archive_write_data(state_->writer.get(), bytes.data(), bytes.size()));
  state_->check(archive_write_finish_entry(state_->writer.get()));
}

void UploadPacker::finish() {
  state_->check(archive_write_close(state_->writer.get()));
}

}  // namespace winnow::jobs
