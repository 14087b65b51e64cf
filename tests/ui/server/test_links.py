"""What a link may name a tab by: what it is known as, and what stands on it."""

import gradio as gr

from ser_core.ui.server.links import open_linked_tab


def test_a_tab_is_named_by_its_id_or_by_its_title() -> None:
    with gr.Blocks() as demo:
        with gr.Tabs() as tabs:
            for name in ("predict", "model"):
                gr.Tab(name, id=name)
        open_linked_tab(demo, tabs, {"predict": "Listen", "model": "How good is it?"}, {"sad": "x"})
    (event,) = demo.config["dependencies"]
    words = '[["predict", "predict"], ["model", "model"], ["listen", "predict"], ["how", "model"]]'
    assert f'tabs = {words}, examples = new Map([["sad", "x"]]);' in event["js"]
    assert event["outputs"] == [tabs._id]
    assert event["backend_fn"] is False
