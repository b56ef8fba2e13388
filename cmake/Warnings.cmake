# One interface target that every target of ours links: warnings, sanitizers, hardening.
add_library(winnow_build_flags INTERFACE)
target_compile_options(winnow_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wno-missing-field-initializers  # members left out of a designated initialiser keep their defaults
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # GCC 12 sees overlaps in std::string that are not there (its bug 105651)
  $<$<BOOL:${WINNOW_WERROR}>:-Werror>)
if(WINNOW_FUZZ)
  target_compile_options(winnow_build_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(WINNOW_SANITIZE)
  target_compile_options(winnow_build_flags INTERFACE
    -fsanitize=${WINNOW_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(winnow_build_flags INTERFACE -fsanitize=${WINNOW_SANITIZE})
elseif(CMAKE_BUILD_TYPE MATCHES Rel)
  target_compile_options(winnow_build_flags INTERFACE -fstack-protector-strong)
  target_compile_definitions(winnow_build_flags INTERFACE _FORTIFY_SOURCE=2)
  # Debian's compilers make position-independent code unasked; where one does not, linking says so.
  target_link_options(winnow_build_flags INTERFACE
    -Wl,-z,relro,-z,now,-z,noexecstack $<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-pie>)
endif()
