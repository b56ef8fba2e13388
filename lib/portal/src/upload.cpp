#include "upload.hpp"

#include <algorithm>
#include <vector>

#include "winnow/core/text.hpp"
#include "winnow/httpd/multipart.hpp"
#include "winnow/jobs/submission.hpp"
#include "winnow/jobs/upload_packer.hpp"

namespace winnow::portal {
namespace {

constexpr std::size_t kMostFields = 16;
constexpr std::size_t kMostFieldBytes = 1'000;

void write(SpoolFile& file, ByteSpan bytes) {
  const int error = file.write(bytes);
  if (error != 0) throw Error(ErrorKind::kIo, file.path().string(), system_message(error));
}

std::string field_text(const httpd::Part& part) {
  return std::string(as_text(part.content.first(std::min(part.content.size(), kMostFieldBytes))));
}

void read_files(Desk& desk, const jobs::User& user, const std::vector<const httpd::Part*>& files,
                Upload& upload) {
  if (files.empty()) throw Refusal{bad_request("The form has no file; choose one.")};
  std::uint64_t bytes = 0;
  for (const httpd::Part* file : files) bytes += file->content.size();
  const std::uint64_t limit = desk.upload_limit(user);
  if (bytes > limit) throw Refusal{too_large(limit, desk.options.terms)};
  upload.own = desk.spool.create();
  upload.file = upload.own->path();
  if (files.size() == 1) {
    upload.name = files[0]->file_name;
    return write(*upload.own, files[0]->content);
  }
  upload.name = format_count(files.size(), "picture");
  jobs::UploadPacker packer([&](ByteSpan piece) { write(*upload.own, piece); });
  for (const httpd::Part* file : files) packer.add(file->file_name, file->content);
  packer.finish();
}

}  // namespace

std::uint64_t form_overhead(std::uint64_t limit) {
  return 65'536 + limit / 64;
}

bool is_multipart(const httpd::Request& request) {
  return to_lower(request.headers.find("Content-Type").value_or("")).starts_with("multipart/");
}

Upload read_upload(Desk& desk, const jobs::User& user, const httpd::Request& request) {
  const auto* sink = dynamic_cast<const UploadSink*>(request.sink.get());
  if (sink == nullptr || sink->file().bytes() == 0)
    throw Refusal{bad_request("There is nothing in the request; send an archive or a picture.")};
  Upload upload;
  upload.name = request.parameter("name").value_or("");
  upload.model = request.parameter("model").value_or("");
  if (!is_multipart(request)) {
    const std::uint64_t limit = desk.upload_limit(user);
    if (sink->file().bytes() > limit) throw Refusal{too_large(limit, desk.options.terms)};
    upload.file = sink->file().path();
    return upload;
  }
  const FileView body(sink->file().path());
  const auto parts =
      httpd::parse_multipart(request.headers.find("Content-Type").value_or(""), body.bytes(),
                             {.parts = static_cast<std::size_t>(desk.options.terms.pictures) + kMostFields});
  if (!parts) throw Refusal{bad_request("The form cannot be read: " + parts.failure().message + ".")};
  std::vector<const httpd::Part*> files;
  const std::string name = upload.name;
  for (const httpd::Part& part : *parts) {
    const bool left_empty = part.file_name.empty() && part.content.empty();
    if (part.is_file && !left_empty) files.push_back(&part);
    if (part.name == "csrf") upload.form_token = field_text(part);
    if (part.name == "model") upload.model = field_text(part);
  }
  read_files(desk, user, files, upload);
  if (!name.empty()) upload.name = name;
  return upload;
}

std::string submit_upload(Desk& desk, const jobs::User& user, const Upload& upload,
                          const std::optional<std::string>& client_key) {
  const std::vector<std::string> models = desk.models();
  if (!upload.model.empty() && !models.empty() && std::ranges::find(models, upload.model) == models.end())
    throw Refusal{{422, "unknown-model", "There is no model of that name.", {}}};
  const Result<std::string> id =
      jobs::submit(desk.handlers(), {.user_id = user.id,
                                     .file = upload.file,
                                     .name = upload.name.empty() ? std::string("upload") : upload.name,
                                     .model = upload.model,
                                     .client_key = client_key});
  if (!id) throw Refusal{refused_upload(id.failure())};
  return *id;
}

}  // namespace winnow::portal
