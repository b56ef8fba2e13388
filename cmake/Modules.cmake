# winnow_module(NAME [SOURCES ...] [PUBLIC ...] [PRIVATE ...] [EMBED ...])
# A static library with its own include root: a header of a module that is not named in PUBLIC or PRIVATE
# cannot be included. Module names stand for themselves, anything else is a CMake target.
# EMBED turns asset files into std::string_view constants: assets/page.css -> winnow::NAME::assets::page_css.
function(winnow_module name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE;EMBED" ${ARGN})
  list(TRANSFORM arg_SOURCES PREPEND src/)
  add_library(winnow_${name} STATIC ${arg_SOURCES})
  target_include_directories(winnow_${name} PUBLIC include PRIVATE src)
  target_link_libraries(winnow_${name} PRIVATE winnow_build_flags)
  foreach(visibility PUBLIC PRIVATE)
    foreach(dependency ${arg_${visibility}})
      if(EXISTS ${CMAKE_SOURCE_DIR}/lib/${dependency}/CMakeLists.txt)
        target_link_libraries(winnow_${name} ${visibility} winnow_${dependency})
      else()
        target_link_libraries(winnow_${name} ${visibility} ${dependency})
      endif()
    endforeach()
  endforeach()
  if(arg_EMBED)
    set(generated ${CMAKE_CURRENT_BINARY_DIR}/assets.hpp)
    add_custom_command(OUTPUT ${generated}
      COMMAND ${CMAKE_COMMAND} -DNAMESPACE=winnow::${name}::assets -DOUTPUT=${generated}
        "-DFILES=${arg_EMBED}" -DDIRECTORY=${CMAKE_CURRENT_SOURCE_DIR} -P ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake
      DEPENDS ${arg_EMBED} ${CMAKE_SOURCE_DIR}/cmake/Embed.cmake VERBATIM)
    target_sources(winnow_${name} PRIVATE ${generated})
    target_include_directories(winnow_${name} PRIVATE ${CMAKE_CURRENT_BINARY_DIR})
  endif()
endfunction()

# winnow_tool(NAME modules...): build/bin/winnow-NAME from main.cpp, and a library of everything else in its
# folder, so that tests reach options and output without a process. Left out where one of the modules is.
function(winnow_tool name)
  list(TRANSFORM ARGN PREPEND winnow_)
  foreach(module ${ARGN})
    if(NOT TARGET ${module})
      message(STATUS "winnow-${name} is not built: this build is without ${module}")
      return()
    endif()
  endforeach()
  file(GLOB sources CONFIGURE_DEPENDS *.cpp)
  list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/main.cpp)
  add_library(winnow_tool_${name} STATIC ${sources})
  target_include_directories(winnow_tool_${name} PUBLIC ${CMAKE_SOURCE_DIR}/tools)
  target_link_libraries(winnow_tool_${name} PUBLIC winnow_cli ${ARGN} PRIVATE winnow_build_flags)
  add_executable(winnow-${name} main.cpp)
  target_link_libraries(winnow-${name} PRIVATE winnow_tool_${name} winnow_build_flags)
endfunction()

# winnow_test(NAME SOURCES ... LIBRARIES ... [FILTER ...] [NEEDS fixture]): one GoogleTest executable, each case a ctest; of
# some only those that the filter names.
function(winnow_test name)
  cmake_parse_arguments(arg "" "TIMEOUT;FILTER;NEEDS" "SOURCES;LIBRARIES;DEPENDS" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  add_executable(${name} ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${arg_LIBRARIES} winnow_test_support GTest::gmock GTest::gtest_main
    winnow_build_flags)
  if(arg_DEPENDS)
    add_dependencies(${name} ${arg_DEPENDS})
  endif()
  set(fixtures)
  if(arg_NEEDS)
    set(fixtures FIXTURES_REQUIRED ${arg_NEEDS})
  endif()
  # OpenMP threads that spin while they wait slow each other down several times where tests run side by side.
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 TEST_FILTER "${arg_FILTER}"
    PROPERTIES TIMEOUT ${arg_TIMEOUT} ENVIRONMENT OMP_WAIT_POLICY=passive ${fixtures})
endfunction()
