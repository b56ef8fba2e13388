#pragma once

#include <string_view>

#include "winnow/jobs/job.hpp"

namespace winnow::jobs {

// The columns of jobs that read_job() reads, in its order.
inline constexpr std::string_view kJobColumns =
    "id,user_id,state,storage,name,model,input_key,input_bytes,pictures,answered,unreadable,result_key,"
    "result_bytes,result_sha256,cold_key,failure,created_at,started_at,completed_at";

[[nodiscard]] Job read_job(const Row& row);

}  // namespace winnow::jobs
