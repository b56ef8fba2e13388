// Where pictures are asked about and figures stand, for those who answer and those who guard.
#pragma once

#include <string_view>

namespace winnow::serving {

inline constexpr std::string_view kApiPath = "/api/classify";
inline constexpr std::string_view kFormPath = "/classify";
inline constexpr std::string_view kMetricsPath = "/metrics";

}  // namespace winnow::serving
