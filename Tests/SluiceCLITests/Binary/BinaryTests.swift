/// Tests that run the built program.
///
/// Each of them starts processes and uses a database; within a suite they run one after the other,
/// or they would only make each other late.
enum BinaryTests {}
