#pragma once

#include "winnow/storage/object_store.hpp"

namespace winnow::storage {

// A store on an S3 service. prefix is empty or ends with '/'. Throws Error{kUsage}.
[[nodiscard]] std::unique_ptr<ObjectStore> open_s3_store(const ObjectStoreOptions& options,
                                                         std::string prefix, std::stop_token stop);

}  // namespace winnow::storage
