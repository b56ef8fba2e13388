#include "winnow/storage/object_store.hpp"

#include "local_store.hpp"
#include "object_key.hpp"
#include "s3_store.hpp"

namespace winnow::storage {

std::unique_ptr<ObjectStore> open_object_store(const ObjectStoreOptions& options, std::stop_token stop) {
  constexpr std::string_view kScheme = "s3://";
  if (options.location.empty()) {
    throw Error(ErrorKind::kUsage, "storage", "has no place; name a folder or s3://BUCKET");
  }
  if (!options.location.starts_with(kScheme)) return open_local_store(options.location, std::move(stop));

  ObjectStoreOptions named = options;
  std::string prefix = options.location.substr(kScheme.size());
  const std::size_t slash = prefix.find('/');
  named.s3.bucket = prefix.substr(0, slash);
  prefix = slash == std::string::npos ? "" : prefix.substr(slash + 1);
  if (prefix.ends_with('/')) prefix.pop_back();
  if (!prefix.empty()) require_key(prefix);
  return open_s3_store(named, prefix.empty() ? "" : prefix + '/', std::move(stop));
}

}  // namespace winnow::storage
