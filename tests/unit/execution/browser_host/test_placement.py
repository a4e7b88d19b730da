from dtf.execution.browser_host.placement import Placement, read_placement

_SESSION = "2026-11-22 12:58:49.142208 [V:onnxruntime:, session_state.cc:13 VerifyEachNodeIsAssignedToAnEp] "
_WEBNN = (
    "[I:onnxruntime:, webnn_execution_provider.cc:158 GetCapability] WebNNExecutionProvider::GetCapability, number of "
    "partitions supported by WebNN: 1 number of nodes in the graph: 82 number of nodes supported by WebNN: 80"
)


def session(*lines: str) -> list[str]:
    """Lines as onnxruntime-web 1.30 writes them."""
    return [_SESSION + line for line in ("Node placements", *lines)]


def test_one_provider_took_all() -> None:
    """Where one provider took all nodes, onnxruntime lists none of them and tells their number."""
    found = read_placement(session(" All nodes placed on [WebGpuExecutionProvider]. Number of nodes: 15"))
    assert found == Placement(nodes={"WebGpuExecutionProvider": 15})
    assert (found.on("webgpu"), found.on("wasm"), found.others("webgpu")) == (15, 0, "")


def test_nodes_that_fell_back_are_counted_and_named() -> None:
    """Of a mixed placement each node counts where it went; copies between providers are no nodes of the model."""
    found = read_placement(
        session(
            " Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 3",
            "  Sub (Sub_2)",
            "  MatMul (MatMul_10)",
            "  MemcpyFromHost (Memcpy)",
            " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2",
            "  Unsqueeze (Unsqueeze_0)",
            "  Cast (Cast_1)",
        )
    )
    assert found.nodes == {"WebGpuExecutionProvider": 2, "CPUExecutionProvider": 2}
    assert found.others("webgpu") == "2 on CPUExecutionProvider (Cast, Unsqueeze)"
    assert Placement(nodes={"CPUExecutionProvider": 2}).others("webgpu") == "2 on CPUExecutionProvider"


def test_nodes_that_webnn_took_as_one_are_counted() -> None:
    """WebNN fuses what it takes into one node; the model's nodes in it are what counts."""
    found = read_placement(
        [
            _WEBNN,
            *session(
                " Node(s) placed on [WebNNExecutionProvider]. Number of nodes: 1",
                "  WEBNN_10374510571672492182_1 (WebNNExecutionProvider_WEBNN_10374510571672492182_1_0)",
                " Node(s) placed on [CPUExecutionProvider]. Number of nodes: 2",
                "  Shape (Shape_5)",
                "  Gather (Gather_6)",
            ),
        ]
    )
    assert found.nodes == {"WebNNExecutionProvider": 80, "CPUExecutionProvider": 2}


def test_what_webnn_could_take_but_did_not_does_not_count() -> None:
    """The number of nodes that WebNN supports shows nothing when none was placed on it."""
    found = read_placement([_WEBNN, *session(" All nodes placed on [CPUExecutionProvider]. Number of nodes: 11")])
    assert found.on("webnn") == 0
    assert read_placement(["nothing of this kind"]) == Placement()
